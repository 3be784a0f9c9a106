"""Every limit that the gate holds a version to: just below it, exactly at it, and just above it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from limits_project import CLOCK, around, compiled, warehouse

Metrics = list[dict[str, Any]]


def metric(
    name: str, value: float | None, *, slice_: str = "all", by: str = "self", **more: Any
) -> dict[str, Any]:
    return {"dataset": "holdout", "slice": slice_, "scored_by": by, "metric": name, "value": value} | more


def scored(by: str = "self", value: float = 1.0) -> dict[str, Any]:
    return metric("scored_share", value, by=by)


def of(name: str, **where: str) -> Callable[[float], Metrics]:
    return lambda value: [metric(name, value, **where)]


def low_of(name: str, *others: dict[str, Any], **where: str) -> Callable[[float], Metrics]:
    return lambda low: [metric(name, low, ci_low=low, **where), *others]


def of_group(name: str, n: int = 50, **counted: int) -> Callable[[float], Metrics]:
    """A metric of a group beside the reference group, whose rate is over n people."""
    at = {"slice_": "sex = f"}
    return lambda value: [
        metric("group_size", None, **at, n=60),
        metric("selection_rate", 0.5, **at, n=counted.get("rate", n)),
        metric("calibration_gap", value if name == "calibration_gap" else 0.0, **at, n=n),
        *([metric(name, value, **at, n=n)] if name != "calibration_gap" else []),
    ]


def smoke(name: str) -> Callable[[float], Metrics]:
    return lambda value: [metric(name, value, slice_="case") | {"dataset": "smoke"}]


def feature(**values: float | None) -> Callable[[float], Metrics]:
    """Metrics of a feature alone; of the one that is None the lower end is what is tried."""
    known = {"next": 0.6, "together": 0.8, "without": 0.7} | values
    return lambda low: [
        metric(
            f"roc_auc_{name}",
            low if value is None else value,
            slice_="feature a",
            ci_low=low if value is None else -1,
        )
        for name, value in known.items()
    ]


def against_champion(name: str) -> Callable[[float], Metrics]:
    def metrics(value: float) -> Metrics:
        saved = metric(
            "log_loss_reduction", 1.0, by="version:9", ci_low=value if name == "log_loss_reduction" else 1.0
        )
        shift = metric("score_shift", value if name == "score_shift" else 0.0, by="version:9")
        return [scored("version:9"), saved, shift]

    return metrics


@dataclass(frozen=True)
class Limit:
    """What is declared, the check that asks for it, and which of below, at and above its limit pass."""

    check: str
    limit: float
    passes: tuple[bool, bool, bool]
    metrics: Callable[[float], Metrics] = lambda value: []
    gate: dict[str, Any] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    coefficients: Callable[[float], list[dict[str, Any]]] = lambda value: []
    tried: tuple[float, float, float] | None = None
    refuses: bool = True  # else a person is asked


AT_LEAST, AT_MOST, ABOVE = (False, True, True), (True, True, False), (False, False, True)
SLICE = {"slices": {"new": {"where": "a", "limits": {"roc_auc": 0.7, "log_loss": 0.4}}}}
FAIR = {"fairness": {"minimum_group": 50, "attributes": {"sex": {"reference": "m"}}}}
GOOD_SLICE = [metric("scored_share", 1.0, slice_="new")]


def slope(value: float) -> list[dict[str, Any]]:
    return [{"output": "score", "term": 1, "feature": "a", "applies_to": "value", "slope": value}]


def step(value: float) -> list[dict[str, Any]]:
    row = {"output": "score", "term": 1, "feature": "a", "applies_to": "value"}
    return [row | {"upper": 2.0, "value": 1.0}, row | {"lower": 2.0, "value": 1.0 + value}]


LIMITS = {
    "scored share": Limit("scores enough rows", 0.9, AT_LEAST, lambda v: [scored(value=v)]),
    "baseline": Limit(
        "beats baseline b",
        0.01,
        ABOVE,
        low_of("log_loss_reduction", scored("baseline:b"), by="baseline:b"),
        {"baseline_hurdle": 0.01},
    ),
    "calibration error": Limit(
        "calibration error", 0.04, AT_MOST, of("calibration_error"), {"maximum_calibration_error": 0.04}
    ),
    "bias": Limit("bias", 1.5, AT_MOST, of("bias"), {"maximum_bias": 1.5}),
    "negative bias": Limit("bias", -1.5, AT_LEAST, of("bias"), {"maximum_bias": 1.5}),
    "at least in a slice": Limit(
        "slice new: roc auc",
        0.7,
        AT_LEAST,
        lambda v: [*GOOD_SLICE, metric("roc_auc", v, slice_="new")],
        spec=SLICE,
    ),
    "at most in a slice": Limit(
        "slice new: log loss",
        0.4,
        AT_MOST,
        lambda v: [*GOOD_SLICE, metric("log_loss", v, slice_="new")],
        spec=SLICE,
    ),
    "a positive slope": Limit("sign of a", 0.0, AT_LEAST, gate={"signs": {"a": "positive"}}, coefficients=slope),
    "a negative slope": Limit("sign of a", 0.0, AT_MOST, gate={"signs": {"a": "negative"}}, coefficients=slope),
    "a positive step": Limit(
        "sign of a", 0.0, AT_LEAST, gate={"signs": {"a": "positive"}}, coefficients=step, tried=(-1e-9, 0.0, 1e-9)
    ),
    "a negative step": Limit(
        "sign of a", 0.0, AT_MOST, gate={"signs": {"a": "negative"}}, coefficients=step, tried=(-1e-9, 0.0, 1e-9)
    ),
    "the low end of a smoke case": Limit(
        "smoke case case", 0.1, AT_LEAST, smoke("score"), spec={"smoke_cases": {"case": {"score": [0.1, 0.5]}}}
    ),
    "the high end of a smoke case": Limit(
        "smoke case case", 0.5, AT_MOST, smoke("score"), spec={"smoke_cases": {"case": {"score": [0.1, 0.5]}}}
    ),
    "a smoke case that is to be rejected": Limit(
        "smoke case case is rejected",
        0.0,
        (False, True, False),
        smoke("scored_share"),
        spec={"smoke_cases": {"case": {"rejected": True}}},
        tried=(-1.0, 0.0, 1.0),
    ),
    "value over a baseline": Limit(
        "value over baselines", 0.5, AT_LEAST, of("value_gain", by="baseline:b"), {"value_hurdle": 0.5}
    ),
    "value over a policy": Limit(
        "value over baselines", 0.5, AT_LEAST, of("value_gain", by="policy:nobody"), {"value_hurdle": 0.5}
    ),
    "a ratio below 1": Limit(
        "fairness sex = f: selection rate ratio",
        0.8,
        AT_LEAST,
        of_group("selection_rate_ratio"),
        spec={"fairness": FAIR["fairness"] | {"limits": {"selection_rate_ratio": 0.8}}},
    ),
    "a ratio above 1": Limit(
        "fairness sex = f: selection rate ratio",
        2.0,
        AT_MOST,
        of_group("selection_rate_ratio"),
        spec={"fairness": FAIR["fairness"] | {"limits": {"selection_rate_ratio": 0.5}}},
        tried=(2 - 1e-9, 2.0, 2 + 1e-9),
    ),
    "a calibration gap": Limit(
        "fairness sex = f: calibration gap",
        0.1,
        AT_MOST,
        of_group("calibration_gap"),
        spec={"fairness": FAIR["fairness"] | {"limits": {"calibration_gap": 0.1}}},
    ),
    "a calibration gap below 0": Limit(
        "fairness sex = f: calibration gap",
        -0.1,
        AT_LEAST,
        of_group("calibration_gap"),
        spec={"fairness": FAIR["fairness"] | {"limits": {"calibration_gap": 0.1}}},
    ),
    "margin to the champion": Limit(
        "not worse than champion version 9",
        -0.002,
        AT_LEAST,
        against_champion("log_loss_reduction"),
        {"champion_margin": 0.002},
    ),
    "shift from the champion": Limit(
        "score shift from champion version 9",
        0.1,
        AT_MOST,
        against_champion("score_shift"),
        {"champion_margin": 0.002, "maximum_score_shift": 0.1},
    ),
    "a feature alone": Limit(
        "a knows too much", 0.99, AT_MOST, feature(alone=None, lead=0.0, excess=0.0), refuses=False
    ),
    "a feature alone, where less is expected": Limit(
        "a knows too much",
        0.8,
        AT_MOST,
        feature(alone=None, lead=0.0, excess=0.0),
        {"expected_auc": 0.8},
        refuses=False,
    ),
    "the lead of a feature": Limit(
        "a knows too much", 0.0, AT_MOST, feature(alone=0.7, lead=None, excess=0.0), refuses=False
    ),
    "what a feature adds": Limit(
        "a knows too much", 0.0, AT_MOST, feature(alone=0.7, lead=0.0, excess=None), refuses=False
    ),
    "late values": Limit(
        "a is written in time",
        0.0,
        (True, True, False),
        lambda v: [metric("late_values", max(v, 0.0), slice_="feature a") | {"dataset": "train"}],
        tried=(0.0, 0.0, 1.0),
        refuses=False,
    ),
    "better than expected": Limit(
        "not better than expected", 0.8, AT_MOST, low_of("roc_auc"), {"expected_auc": 0.8}, refuses=False
    ),
    "a better r2 than expected": Limit(
        "not better than expected", 0.6, AT_MOST, low_of("r2"), {"expected_r2": 0.6}, refuses=False
    ),
}
PLACES = ("just below", "at", "just above")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """The event of a version for each limit and place, as the gate writes it where version 9 is the champion."""
    versions, of_version = [], {}
    for name, limit in LIMITS.items():
        for place, value in zip(PLACES, limit.tried or around(limit.limit), strict=True):
            number = 10 + len(versions)
            gate = {"minimum_scored_share": 0.9, "baseline_hurdle": 0.0, "champion_margin": 0.002} | limit.gate
            metrics = limit.metrics(value)
            if name != "scored share":
                metrics = [*metrics, scored()]
            of_version[name, place] = number
            versions.append(
                {
                    "version": number,
                    "trained_at": CLOCK,
                    "spec": json.dumps({"gate": gate} | limit.spec),
                    "coefficients": json.dumps(limit.coefficients(value)),
                    "metrics": json.dumps(metrics),
                }
            )
    champion = {
        "deployment_id": "m-1",
        "ml_model": "m",
        "event_number": 1,
        "event": "deployed",
        "operation": "gate",
        "version": 9,
        "slot": "champion",
        "share": 1.0,
        "valid_from": CLOCK,
    }
    rows = warehouse(versions=versions, next_verdicts=[champion]).execute(
        f"select version, checks, details from ({compiled(tmp_path_factory)['next_verdicts']}) as verdicts"
    )
    found = {
        version: {"checks": json.loads(checks), "details": details} for version, checks, details in rows.fetchall()
    }
    return {key: found[number] for key, number in of_version.items()}


@pytest.mark.parametrize("name", LIMITS)
def test_a_check_of_the_gate_passes_on_the_right_side_of_its_limit(verdicts, name):
    limit = LIMITS[name]
    passed = []
    for place in PLACES:
        checks = {check["check_name"]: check for check in verdicts[name, place]["checks"]}
        # A feature that knows nothing too much has a check for all features instead.
        instead = checks.get("no feature knows too much") if limit.check == "a knows too much" else None
        check = checks.get(limit.check) or instead
        assert check is not None, (place, sorted(checks))
        passed.append(check["passed"])
        assert (limit.check in verdicts[name, place]["details"]) is (not limit.refuses and not check["passed"])
    assert tuple(passed) == limit.passes


def test_what_could_not_be_measured_is_on_no_side_of_a_limit(tmp_path_factory):
    """A NULL, where a number was to be compared, fails; so does a limit that nothing was measured for."""
    spec = {
        "gate": {"minimum_scored_share": 0.9, "baseline_hurdle": 0.0, "maximum_bias": 1.0, "value_hurdle": 0.0}
    }
    version = {
        "version": 1,
        "trained_at": CLOCK,
        "spec": json.dumps(spec),
        "metrics": json.dumps([scored(), scored("baseline:b"), metric("bias", None)]),
    }
    ((event, checks),) = (
        warehouse(versions=[version])
        .execute(f"select event, checks from ({compiled(tmp_path_factory)['first_verdicts']}) as verdicts")
        .fetchall()
    )
    assert event == "refused"
    assert {check["check_name"] for check in json.loads(checks) if not check["passed"]} == {
        "beats baseline b",
        "bias",
        "value over baselines, not measured",
    }


def test_a_version_is_held_to_its_holdout_and_to_no_other_rows(tmp_path_factory):
    spec = {
        "gate": {"minimum_scored_share": 0.9, "baseline_hurdle": 0.0, "maximum_bias": 1.0, "value_hurdle": 0.0}
    }
    measured = [
        scored(),
        scored("baseline:b"),
        metric("bias", 0.5),
        metric("log_loss_reduction", 0.5, by="baseline:b", ci_low=0.5),
        metric("value_gain", 0.5, by="baseline:b"),
    ]
    # What would pass on other rows is refused on the holdout, and the other way round.
    worse = [row | {"value": 9.0 if row["metric"] == "bias" else -9.0, "ci_low": -9.0} for row in measured]
    found = {}
    for name, holdout, others in (("good", measured, worse), ("bad", worse, measured)):
        metrics = [*holdout, *(row | {"dataset": "train"} for row in others)]
        version = {"version": 1, "trained_at": CLOCK, "spec": json.dumps(spec), "metrics": json.dumps(metrics)}
        ((event, checks),) = (
            warehouse(versions=[version])
            .execute(f"select event, checks from ({compiled(tmp_path_factory)['first_verdicts']}) as verdicts")
            .fetchall()
        )
        found[name] = event, [check["passed"] for check in json.loads(checks)]
    assert found == {"good": ("deployed", [True] * 4), "bad": ("refused", [False] * 4)}


@pytest.mark.parametrize(
    ("rows", "name", "passed"), [(49, ", too few rows", True), (50, "", False), (51, "", False)]
)
def test_a_group_is_compared_from_the_smallest_that_is_declared(tmp_path_factory, rows, name, passed):
    version = {
        "version": 1,
        "trained_at": CLOCK,
        "spec": json.dumps(
            {"gate": {"minimum_scored_share": 0.9}}
            | {"fairness": FAIR["fairness"] | {"limits": {"selection_rate_ratio": 0.8}}}
        ),
        "metrics": json.dumps([scored(), *of_group("selection_rate_ratio", rate=rows)(0.5)]),
    }
    ((checks,),) = (
        warehouse(versions=[version])
        .execute(f"select checks from ({compiled(tmp_path_factory)['first_verdicts']}) as verdicts")
        .fetchall()
    )
    found = {check["check_name"]: check["passed"] for check in json.loads(checks)}
    assert found[f"fairness sex = f: selection rate ratio{name}"] is passed


@pytest.mark.parametrize(("trained_at", "judged"), [(f"{CLOCK} 00:00:00", 1), (f"{CLOCK} 00:00:00.000001", 0)])
def test_a_version_is_judged_from_the_moment_at_which_it_is_trained(tmp_path_factory, trained_at, judged):
    version = {
        "version": 1,
        "trained_at": trained_at,
        "spec": json.dumps({"gate": {"minimum_scored_share": 0.9}}),
        "metrics": json.dumps([scored()]),
    }
    found = warehouse(versions=[version]).execute(compiled(tmp_path_factory)["first_verdicts"]).fetchall()
    assert len(found) == judged


def test_the_numbers_around_a_limit_have_no_other_between_them():
    below, limit, above = around(0.04)
    assert below < limit < above
    assert math.nextafter(below, above) == limit == math.nextafter(above, below)
