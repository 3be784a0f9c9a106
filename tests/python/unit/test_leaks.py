"""Features that know too much are found by name, clean ones of the same shape are not, and what was late is counted."""

from datetime import datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import TrainingSetError
from ml_ledger.evaluation.strengths import Strength
from ml_ledger.leaks import leak_scan
from ml_ledger.leaks.leak_scan import Found, excess_of, lead_of
from ml_ledger.leaks.leaks import measured_leaks
from ml_ledger.training_set.validation import validate_columns
from ml_ledger.warehouse import Relation

ROWS = 6_000
NUMBER = {"kind": "numeric", "missing": "own_level"}
LEVEL = {"kind": "categorical", "missing": "own_level", "unknown": "reference"}
CLEAN = {"planned": NUMBER, "distance": NUMBER, "carrier": LEVEL, "tail": LEVEL, "weekend": {"kind": "boolean"}}
DAY = datetime(2024, 1, 1)


def flights(rows: int = ROWS, seed: int = 0) -> dict[str, np.ndarray]:
    """Flights with what is known when they are planned, and what is known of them later; two thirds are trained on."""
    random = np.random.default_rng(seed)
    planned, distance = random.uniform(300, 1400, rows), random.gamma(4, 250, rows)
    carrier = random.integers(0, 9, rows)
    wait = 30 * random.gamma(0.6, 1, rows) - 12 + planned / 90 + 2 * (carrier % 4)
    in_the_air = 20 + distance / 8 + random.normal(scale=10, size=rows)
    late = wait + in_the_air - (20 + distance / 8)
    return {
        "planned": planned,
        "distance": distance,
        "carrier": np.array([f"c{k}" for k in carrier]),
        "tail": np.array([f"N{k}" for k in random.integers(0, rows // 3, rows)]),
        "weekend": random.random(rows) < 2 / 7,
        "day": np.array([DAY + timedelta(days=int(k)) for k in random.integers(0, 360, rows)]),
        "departed": planned + wait,
        "wait": wait,
        "in_the_air": in_the_air,
        "minutes_late": late,
        "bought": (late > 15).astype(float),
    }


def measured(
    columns: dict, features: dict, order: np.ndarray | None = None, **changes
) -> dict[str, dict[str, tuple]]:
    """By feature and metric: value, lower end, n; of `late_values` by metric and split."""
    label = columns["label"] if "label" in columns else columns["bought"]
    rows = len(label)
    table = {
        **columns,
        "bought": label,
        "id": np.arange(rows),
        "month": columns.get("month", np.full(rows, np.datetime64(DAY, "us"))),
        "_ml_split": np.where(np.arange(rows) // (2 if "pair" in columns else 1) % 3 == 2, "holdout", "train"),
        "_ml_weight": np.ones(rows),
    }
    arrow = pa.table(table)
    arrow = arrow if order is None else arrow.take(pa.array(order))
    spec = parse_spec("m", DECLARATION | {"features": features} | changes)
    relation = Relation(duckdb.connect().from_arrow(arrow), name="_ml_training_set")
    found: dict[str, dict[str, tuple]] = {}
    for metric in measured_leaks(spec, relation, features):
        name = f"{metric.metric} {metric.dataset}" if metric.metric == "late_values" else metric.metric
        found.setdefault(metric.slice.removeprefix("feature "), {})[name] = (metric.value, metric.ci_low, metric.n)
    return found


def leaks(found: dict[str, dict[str, tuple]]) -> set[str]:
    """What the gate asks about where nothing is expected."""
    asked = set()
    for feature, metrics in found.items():
        prefix = "roc_auc" if "roc_auc_alone" in metrics else "correlation"
        limits = {f"{prefix}_alone": 0.99, f"{prefix}_lead": 0.0, f"{prefix}_excess": 0.0}
        if any(metrics[name][1] > limit for name, limit in limits.items() if name in metrics):
            asked.add(feature)
    return asked


def the_label(columns: dict) -> np.ndarray:
    return columns["bought"]


PLANTED = {
    "the label itself": the_label,
    "the label and a little of a feature": lambda c: c["bought"] + c["planned"] / 1000,
    "what it is made of": lambda c: c["wait"],
    "what it is made of beside a feature": lambda c: c["departed"],
    "what ranks only beside a feature": lambda c: 3 * c["in_the_air"] + c["wait"],
    "a value that is there only after the outcome": lambda c: np.where(c["bought"] == 1, np.nan, c["distance"]),
    "a number that goes up and down with it": lambda c: np.where(c["bought"] == 1, 1, -1) * c["distance"] ** 2,
    "what cannot be squared": lambda c: np.where(c["bought"] == 1, 1e300, -1e300),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_leak_is_found_and_nothing_else(planted):
    columns = flights()
    columns["leak"] = PLANTED[planted](columns)
    assert leaks(measured(columns, CLEAN | {"leak": NUMBER})) == {"leak"}


def test_a_leak_is_found_in_the_distance_of_two_numbers():
    """Neither number ranks, nor does any weighted sum of them: either of the two may be named."""
    columns = flights()
    side = np.where(columns["distance"] % 1 > 0.5, 1, -1)
    columns["leak"] = columns["planned"] + side * np.where(columns["bought"] == 1, 40, 5)
    found = leaks(measured(columns, CLEAN | {"leak": NUMBER}))
    assert len(found) == 1
    assert found < {"leak", "planned"}


def test_a_leak_is_found_in_levels_booleans_and_dates():
    columns = flights()
    columns["status"] = np.where(columns["bought"] == 1, "delayed", columns["carrier"])
    columns["is_late"] = columns["bought"] == 1
    columns["paid_on"] = np.array([DAY + timedelta(days=int(k)) for k in 200 * columns["bought"]])
    for name, declared in {
        "status": LEVEL,
        "is_late": {"kind": "boolean"},
        "paid_on": {"kind": "date", "parts": ["month", "weekday"]},
    }.items():
        assert leaks(measured(columns, CLEAN | {name: declared})) == {name}


@pytest.mark.parametrize("seed", range(12))
def test_clean_features_are_no_leak(seed):
    columns = flights(seed=seed)
    features = CLEAN | {"day": {"kind": "date", "parts": ["month", "day", "weekday"]}}
    found = measured(columns, features)
    assert leaks(found) == set()
    assert set(found) == set(features)
    # A level of few rows that was learnt by heart would rank the rows that it was learnt from, not these.
    assert found["tail"]["roc_auc_alone"][0] == pytest.approx(0.5, abs=0.04)


def test_the_strongest_of_equals_is_no_leak():
    """As the days since an order beside what else they say: alone nearly as good as all of them."""
    random = np.random.default_rng(1)
    truth = random.normal(size=ROWS)
    columns = {name: truth + random.normal(scale=0.4, size=ROWS) for name in ("a", "b", "c", "d", "e")}
    columns["label"] = (truth + random.normal(scale=0.5, size=ROWS) > 1).astype(float)
    found = measured(columns, dict.fromkeys(("a", "b", "c", "d", "e"), NUMBER))
    assert leaks(found) == set()
    assert found["a"]["roc_auc_alone"][0] > found["a"]["roc_auc_together"][0] - 0.03


def test_a_copy_of_a_leak_does_not_hide_it():
    columns = flights()
    columns["in_hours"] = columns["wait"] / 60
    assert leaks(measured(columns, CLEAN | {"wait": NUMBER, "in_hours": NUMBER})) == {"wait", "in_hours"}


def test_another_leak_does_not_hide_the_one_that_leads():
    """Beside when it is planned, when it departed says how long it waits: without one of the two nothing is missing."""
    columns = flights()
    found = measured(columns, CLEAN | {"wait": NUMBER, "departed": NUMBER})
    assert found["wait"]["roc_auc_excess"][1] < 0 < found["wait"]["roc_auc_lead"][1]
    assert leaks(found) == {"wait"}


def test_what_is_known_in_time_is_recorded_and_the_others_are_judged_without_it():
    columns = flights()
    known = NUMBER | {"known_in_time": "the tower reports it before the doors close"}
    found = measured(columns, CLEAN | {"wait": known})
    assert leaks(found) == set()
    assert found["wait"]["known_in_time"][0] == 1
    assert not {"roc_auc_excess", "roc_auc_lead"} & set(found["wait"])
    assert "known_in_time" not in found["planned"]
    both = measured(columns | {"leak": the_label(columns)}, CLEAN | {"wait": known, "leak": NUMBER})
    assert leaks(both) == {"leak"}


def test_regressions_have_correlations():
    columns = flights() | {"label": flights()["minutes_late"]}
    regression = {"task": "regression", "algorithm": {"family": "linear"}}
    found = measured(columns, CLEAN, **regression)
    assert leaks(found) == set()
    assert found["planned"]["correlation_alone"][0] == pytest.approx(
        np.corrcoef(columns["planned"], columns["label"])[0, 1], abs=0.06
    )
    for leak in ("wait", "departed"):
        assert leaks(measured(columns, CLEAN | {leak: NUMBER}, **regression)) == {leak}
    columns["leak"] = columns["label"] + columns["planned"] / 1000
    assert leaks(measured(columns, CLEAN | {"leak": NUMBER}, **regression)) == {"leak"}


def test_several_classes_are_told_from_the_rest_one_by_one():
    columns = flights()
    late = columns["minutes_late"]
    columns["label"] = np.where(late > 25, "very", np.where(late > 5, "late", "in time"))
    classes = ["in time", "late", "very"]
    changes = {
        "task": "multiclass",
        "classes": classes,
        "decision": {"actions": dict.fromkeys(classes, "wait"), "fallback": "wait"},
    }
    assert leaks(measured(columns, CLEAN, **changes)) == set()
    assert leaks(measured(columns, CLEAN | {"wait": NUMBER}, **changes)) == {"wait"}


def test_a_clustering_has_no_label_that_a_feature_could_know():
    columns = flights()
    changes = {"task": "clustering", "algorithm": {"family": "kmeans", "hyperparameters": {"clusters": 2}}}
    spec = {key: value for key, value in DECLARATION.items() if key not in ("label", "decision")} | changes
    declared = parse_spec("m", spec | {"features": {"planned": {"kind": "numeric"}}})
    table = pa.table(
        {"id": np.arange(9), "month": np.full(9, np.datetime64(DAY, "us")), "planned": np.arange(9.0)}
    )
    relation = Relation(duckdb.connect().from_arrow(table), name="_ml_training_set")
    assert list(measured_leaks(declared, relation, ["planned"])) == []
    assert len(columns["planned"]) == ROWS


def test_with_too_few_rows_of_a_class_nothing_is_measured():
    def of(positives: int) -> dict:
        """So many positives are held out; training has more."""
        columns = flights(3_000)
        holdout = np.arange(3_000) % 3 == 2
        columns["label"] = np.where(holdout, np.cumsum(holdout) <= positives, columns["bought"] == 1).astype(float)
        return measured(columns, CLEAN)

    assert of(29) == {}
    assert set(of(30)) == set(CLEAN)
    assert set(of(31)) == set(CLEAN)


def test_with_few_other_features_the_best_is_no_surprise():
    columns = flights()
    two = {name: CLEAN[name] for name in ("planned", "distance")} | {"wait": NUMBER}
    one = {"planned": NUMBER, "wait": NUMBER}
    assert leaks(measured(columns, two)) == {"wait"}
    assert leaks(measured(columns, one)) == set()
    assert leaks(measured(columns | {"wait": columns["bought"]}, one)) == {"wait"}, (
        "but not that it knows the label"
    )


@pytest.mark.parametrize(
    ("together", "without", "excess"),
    [
        (0.69, 0.5, -0.01),  # 1.4 times what is reached without it
        (0.70, 0.5, 0.0),
        (0.71, 0.5, 0.01),
        (0.33, 0.24, -0.01),  # and 0.1 above it, where that is more
        (0.34, 0.24, 0.0),
        (0.35, 0.24, 0.01),
        (0.29, 0.1, -0.01),  # and 0.3 in any case
        (0.30, 0.1, 0.0),
        (0.31, 0.1, 0.01),
        (0.31, -0.3, 0.01),  # less than chance is chance
    ],
)
def test_what_all_may_reach_depends_on_what_they_reach_without_it(together, without, excess):
    still = np.zeros(4)
    assert excess_of(Strength(together, still), Strength(without, still)).value == pytest.approx(excess, abs=1e-12)


@pytest.mark.parametrize(
    ("alone", "best", "lead"),
    [
        (0.79, 0.4, -0.01),  # twice the best other
        (0.80, 0.4, 0.0),
        (0.81, 0.4, 0.01),
        (0.59, 0.2, -0.01),  # and 0.6 in any case
        (0.60, 0.2, 0.0),
        (0.61, 0.2, 0.01),
        (0.61, -0.4, 0.01),
    ],
)
def test_a_feature_may_be_twice_as_strong_as_the_best_other_one(alone, best, lead):
    still = np.zeros(4)
    assert lead_of(Strength(alone, still), Strength(best, still)).value == pytest.approx(lead, abs=1e-12)


def test_an_excess_is_one_beyond_chance():
    scattered = np.tile([1.0, -1.0], 50)
    found = Found("a", Strength(0.5, scattered), excess=Strength(0.25, scattered))
    assert found.certain_excess == pytest.approx(0.25 - 1.96 / 10, abs=1e-4)
    assert Found("a", Strength(0.5, scattered)).certain_excess < 0


def test_the_order_of_the_rows_does_not_matter():
    columns = flights(3_000)
    turned = np.random.default_rng(4).permutation(3_000)
    assert measured(columns, CLEAN) == measured(columns, CLEAN, order=turned)


def test_rows_of_a_declared_cluster_belong_together():
    columns = flights(3_000)
    twice = {name: np.repeat(values, 2) for name, values in columns.items()}
    # the rows of a pair are held out together
    alone = measured(twice | {"pair": np.arange(6_000) // 2}, CLEAN)
    paired = measured(twice | {"pair": np.arange(6_000) // 2}, CLEAN, evaluation={"cluster": "pair"})

    def half_width(found: dict) -> float:
        value, low, _ = found["planned"]["roc_auc_alone"]
        return value - low

    assert half_width(paired) == pytest.approx(half_width(alone) * np.sqrt(2), rel=0.1)


def test_a_part_of_many_rows_is_looked_at(monkeypatch):
    monkeypatch.setattr("ml_ledger.leaks.leaks.MOST_ROWS", 1_000)
    found = measured(flights(), CLEAN | {"wait": NUMBER})
    assert 850 < found["wait"]["roc_auc_alone"][2] < 1_150
    assert leaks(found) == {"wait"}


def test_values_that_were_written_after_the_as_of_date_are_counted():
    moment = np.datetime64(DAY, "us")
    micro = np.timedelta64(1, "us")
    columns = {
        "label": np.tile([0.0, 1.0, 1.0], 2),
        "a": [1.0, 1.0, 1.0, 1.0, 1.0, None],
        # before and at the moment, and after it, held out; nobody knows; before; after, held out, but there is no value
        "stamp": [moment - micro, moment, moment + micro, None, moment - micro, moment + micro],
    }
    found = measured(columns, {"a": NUMBER | {"written_at": "stamp"}})
    assert found["a"] == {"late_values holdout": (1.0, None, 2), "late_values train": (1.0, None, 4)}
    dated = columns | {"stamp": [DAY.date()] * 6}
    found = measured(dated, {"a": NUMBER | {"written_at": "stamp"}})
    assert found["a"]["late_values train"][0] == 0, "a date is its midnight"


@pytest.mark.parametrize(
    ("stamp", "message"),
    [
        (
            pa.array([1.0]),
            "features.a.written_at: must be a date, or a timestamp without a time zone; got 'stamp', which is DOUBLE",
        ),
        (
            pa.array([DAY], pa.timestamp("us", tz="UTC")),
            "features.a.written_at: must have no time zone, since what is read of it would depend on",
        ),
        (None, "features.a.written_at: is not a column of the training set; got 'stamp'"),
    ],
)
def test_when_a_value_was_written_must_be_a_moment(stamp, message):
    spec = parse_spec("m", DECLARATION | {"features": {"a": NUMBER | {"written_at": "stamp"}}})
    table = pa.table(
        {"a": [1.0], "id": [1], "month": [DAY], "bought": [1]} | ({} if stamp is None else {"stamp": stamp})
    )
    relation = Relation(duckdb.connect().from_arrow(table), name="_ml_training_set")
    with pytest.raises(TrainingSetError) as caught:
        validate_columns("m", spec, relation)
    assert message in str(caught.value)


def test_the_limits_are_those_of_the_documents():
    assert (leak_scan.MOST_TIMES, leak_scan.MOST_MORE, leak_scan.MOST_ANYWAY) == (1.4, 0.1, 0.3)
    assert (leak_scan.MOST_TIMES_ALONE, leak_scan.MOST_ANYWAY_ALONE, leak_scan.FEWEST_OTHERS) == (2.0, 0.6, 2)
