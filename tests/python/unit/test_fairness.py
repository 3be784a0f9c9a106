"""How decisions about groups differ: against loops over rows, the bootstrap, and simulated rates."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION, customers, declared, trained

from ml_ledger import measure_performance
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, TrainingSetError
from ml_ledger.evaluation.fairness import Attribute, measure_fairness, ratio_of_shares
from ml_ledger.evaluation.moments import Moments
from ml_ledger.warehouse import Relation

GROUPS = ["(unknown)", "east", "north", "o'ne"]
FAIRNESS = {"attributes": {"region": {"reference": "north"}}, "minimum_group": 30}


def k_of_n(k: int, n: int) -> Moments:
    """What k of n rows that stand alone are."""
    return Moments(n, float(n), k / n, None, None, k in (0, n))


def scored_rows(n: int = 900, seed: int = 1) -> dict[str, np.ndarray]:
    """Half of them north, one in twenty without a score, a handful in the last group."""
    random = np.random.default_rng(seed)
    group = random.choice(4, size=n, p=[0.2, 0.28, 0.5, 0.02]).astype(float)
    score = np.clip(random.random(n) + 0.1 * (group == 2), 0, 1)
    score[random.random(n) < 0.05] = np.nan
    label = (random.random(n) < np.nan_to_num(score, nan=0.5)).astype(float)
    return {"_ml_label": label, "_ml_s0_0": score, "_ml_attribute0": group}


def measured(columns: dict[str, np.ndarray], minimum_group: int = 30) -> dict[tuple[str, str], Any]:
    rows = Relation(duckdb.connect().from_arrow(pa.table(columns)), name="scored")
    region = Attribute("region", "north", GROUPS)
    found = measure_fairness(rows, [region], minimum_group=minimum_group, threshold=0.5, dataset="holdout")
    return {(metric.slice.removeprefix("region = "), metric.metric): metric for metric in found}


def share(decided: list[float]) -> float:
    return sum(decided) / len(decided)


def test_rates_are_those_of_a_loop_over_rows():
    columns = scored_rows()
    found = measured(columns)
    rows = [row for row in zip(*columns.values(), strict=True) if not np.isnan(row[1])]
    rates: dict[tuple[str, str], float] = {}
    for k, name in enumerate(GROUPS):
        own = [(label, score >= 0.5, score) for label, score, group in rows if group == k]
        rates[name, "group_size"] = len(own)
        rates[name, "selection_rate"] = share([acts for _, acts, _ in own])
        rates[name, "true_positive_rate"] = share([acts for label, acts, _ in own if label == 1])
        rates[name, "false_positive_rate"] = share([acts for label, acts, _ in own if label == 0])
        rates[name, "calibration_gap"] = share([score - label for label, _, score in own])
    for key, value in rates.items():
        assert found[key].value == pytest.approx(value, abs=1e-12), key
    for rate in ("selection_rate", "true_positive_rate", "false_positive_rate"):
        assert found["east", f"{rate}_ratio"].value == pytest.approx(
            rates["east", rate] / rates["north", rate], abs=1e-12
        )
        assert ("o'ne", f"{rate}_ratio") not in found, "too few rows"
        assert ("north", f"{rate}_ratio") not in found, "the reference itself"
    assert measured(columns, minimum_group=1)["o'ne", "selection_rate_ratio"].n == rates["o'ne", "group_size"]
    gap = [score - label for label, score, group in rows if group == 1]
    half = 1.959963984540054 * np.std(gap, ddof=1) / len(gap) ** 0.5
    assert found["east", "calibration_gap"].ci_low == pytest.approx(np.mean(gap) - half, abs=1e-12)


def test_the_interval_of_a_ratio_is_that_of_the_bootstrap():
    random = np.random.default_rng(2)
    estimate = ratio_of_shares(k_of_n(90, 300), k_of_n(200, 500))
    drawn = (random.binomial(300, 90 / 300, 40_000) / 300) / (random.binomial(500, 200 / 500, 40_000) / 500)
    assert [estimate.ci_low, estimate.ci_high] == pytest.approx(list(np.quantile(drawn, [0.025, 0.975])), rel=0.02)
    assert estimate.value == pytest.approx(0.75, abs=1e-15)


def test_the_interval_holds_the_true_ratio_in_95_of_100_draws():
    random = np.random.default_rng(3)
    inside = 0
    for _ in range(2000):
        estimate = ratio_of_shares(k_of_n(random.binomial(200, 0.3), 200), k_of_n(random.binomial(400, 0.5), 400))
        inside += estimate.ci_low <= 0.6 <= estimate.ci_high
    assert 0.935 <= inside / 2000 <= 0.965


def test_shares_of_nothing_have_no_ratio():
    assert ratio_of_shares(k_of_n(5, 10), k_of_n(0, 10)) is None
    none = ratio_of_shares(k_of_n(0, 10), k_of_n(5, 10))
    assert (none.value, none.ci_low) == (0, None)


def with_region(regions: int = 3) -> pa.Table:
    table = customers()
    names = [["north", "south", None][i % 3] if regions == 3 else f"r{i}" for i in range(len(table))]
    return table.append_column("region", pa.array(names, pa.string()))


def test_a_version_is_measured_by_group_of_an_attribute_that_is_no_feature():
    row = trained(with_region(), fairness=FAIRNESS)
    found = [m for m in json.loads(row["metrics"]) if m["slice"].startswith("region = ")]
    assert {m["slice"] for m in found} == {"region = north", "region = south", "region = (unknown)"}
    assert {m["dataset"] for m in found} == {"holdout"}
    assert {m["scored_by"] for m in found} == {"self"}
    sizes = {m["slice"]: m["n"] for m in found if m["metric"] == "group_size"}
    assert sum(sizes.values()) == 250
    assert "region" not in json.loads(row["features"])


def test_an_attribute_that_is_not_there_or_has_too_many_groups_is_refused():
    with pytest.raises(
        TrainingSetError, match=r"fairness\.attributes\.region: is not a column of the training set"
    ):
        trained(customers(), fairness=FAIRNESS)
    with pytest.raises(SpecError, match=r"fairness\.attributes\.region: has more than 100 groups"):
        trained(with_region(regions=250), fairness=FAIRNESS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"fairness": {"attributes": {"a": {"reference": "1"}}}},
            "features.a: is a protected attribute, which no feature may be; got 'a'. Fix: remove it from features, or"
            " add it to fairness.allowed_as_features: [a] and say why",
        ),
        (
            {"fairness": FAIRNESS | {"allowed_as_features": ["regoin"]}},
            "is not a protected attribute; got 'regoin'",
        ),
        ({"fairness": {"attributes": {"id": {"reference": "1"}}}}, "fairness.attributes.id: cannot be the entity"),
        ({"fairness": {"attributes": {}}}, "fairness.attributes: must not be empty"),
        (
            {"fairness": FAIRNESS | {"limits": {"selection_rate_ratio": 1.25}}},
            "selection_rate_ratio: is out of range",
        ),
        (
            {"fairness": FAIRNESS, "task": "regression", "algorithm": {"family": "linear"}},
            "fairness: has no meaning for task 'regression'",
        ),
    ],
)
def test_what_cannot_be_fair_is_refused(changes, said):
    with pytest.raises(SpecError) as caught:
        parse_spec("m", DECLARATION | changes)
    assert said in str(caught.value)


def test_an_attribute_may_be_a_feature_where_that_is_said():
    spec = declared(fairness={"attributes": {"a": {"reference": "1"}}, "allowed_as_features": ["a"]})
    assert spec.fairness.allowed_as_features == ["a"]


def in_use(attributes: pa.Table | None, **fairness: Any) -> list[dict[str, Any]]:
    """Metrics of 200 decisions about as many people, every third of them positive, all with a label."""
    spec = DECLARATION | {"monitoring": {}, "fairness": FAIRNESS | fairness}
    plain = DECLARATION | {"monitoring": {}}
    moment = [np.datetime64("2025-05-05", "us").item()] * 200
    predictions = pa.table(
        {
            "decision_id": [str(i) for i in range(200)],
            "entity_id": [str(i) for i in range(200)],
            "slot": ["champion"] * 200,
            "version": pa.array([7] * 200, pa.int64()),
            "as_of": pa.array(moment, pa.timestamp("us")),
            "score": [0.9 if i % 3 == 0 else 0.1 for i in range(200)],
            "features": ['{"a": 1, "b": 2}'] * 200,
        }
    )
    outcomes = pa.table(
        {
            "decision_id": predictions["decision_id"],
            "label": [float(i % 2) for i in range(200)],
            "label_class": pa.array([None] * 200, pa.string()),
        }
    )
    versions = pa.table(
        {
            "version": pa.array([7], pa.int64()),
            "spec": [parse_spec("m", plain).canonical_json()],
            "baselines": pa.array([None], pa.string()),
            "threshold": [0.5],
            "reference": pa.nulls(1, pa.string()),
        }
    )
    connection = duckdb.connect()
    return measure_performance.__wrapped__(
        ml_model="m",
        spec=spec,
        predictions=connection.from_arrow(predictions),
        outcomes=connection.from_arrow(outcomes),
        versions=connection.from_arrow(versions),
        attributes=None if attributes is None else connection.from_arrow(attributes),
    ).to_pylist()


def people(regions: list[str | None]) -> pa.Table:
    moment = [np.datetime64("2025-05-05", "us").item()] * len(regions)
    return pa.table(
        {"id": range(len(regions)), "month": pa.array(moment, pa.timestamp("us")), "region": pa.array(regions)}
    )


def test_decisions_in_use_are_measured_by_group_also_where_the_version_knew_of_none():
    regions = ["north" if i < 100 else "south" for i in range(190)]  # nobody knows where the last ten are
    found = {
        (row["slice"], row["metric"]): row for row in in_use(people(regions)) if row["slice"].startswith("region")
    }
    north, south = (np.mean([i % 3 == 0 for i in people]) for people in (range(100), range(100, 190)))
    ratio = found["region = south", "selection_rate_ratio"]
    assert ratio["value"] == pytest.approx(south / north, abs=1e-12)
    assert (ratio["kind"], ratio["n"], ratio["version"]) == ("realised", 90, 7)
    assert found["region = (unknown)", "group_size"]["n"] == 10
    assert ("region = (unknown)", "selection_rate_ratio") not in found


def test_attributes_that_cannot_be_joined_are_refused():
    with pytest.raises(SpecError, match=r"are not handed to measure_performance.*attributes=dbt\.ref"):
        in_use(None)
    with pytest.raises(SpecError, match="has no region"):
        in_use(people(["north"]).drop_columns("region"))
    with pytest.raises(SpecError, match=r"must occur once .* got 1 rows too many"):
        in_use(pa.concat_tables([people(["north", "south"]), people(["north"])]))


def test_watching_trains_nothing_and_a_limit_does():
    plain = declared().fingerprint()
    assert declared(fairness=FAIRNESS).fingerprint() == plain
    limited = FAIRNESS | {"limits": {"selection_rate_ratio": 0.8}}
    assert declared(fairness=limited).fingerprint() != plain
    assert (
        declared(fairness=limited | {"allowed_as_features": ["region"]}).fingerprint()
        == declared(fairness=limited).fingerprint()
    )
