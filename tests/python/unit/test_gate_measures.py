"""What the gate reads: slices, shifts of the score and smoke cases, against scikit-learn and naive loops."""

import json
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION, customers, metrics_of, trained
from sklearn.metrics import brier_score_loss, f1_score, log_loss, mean_absolute_error, r2_score, roc_auc_score
from test_metrics import TOLERANCE, assert_mean, found, measured, values
from test_training_estimators import forest

from ml_ledger import train_if_due
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.warehouse import Relation

SLICES = {
    "low": {"where": "a < 0"},
    "high_or_unknown": {"where": "a >= 0.5 or b is null", "limits": {"roc_auc": 0.1}},
    "nobody": {"where": "a > 1000"},
}


def with_gaps(table: pa.Table | None = None) -> pa.Table:
    """Customers, some without a `b`."""
    table = customers() if table is None else table
    b = [None if number % 7 == 0 else value for number, value in enumerate(table["b"].to_pylist())]
    return table.set_column(table.schema.get_field_index("b"), "b", pa.array(b, pa.float64()))


def scored(row: dict, table: pa.Table, split: str = "holdout") -> dict[str, np.ndarray]:
    """The columns of a split, with the score by the version's own SQL."""
    rows = Relation(duckdb.connect().from_arrow(table), name="t")
    scoring = CompiledScoring.from_json(row["scoring"])
    columns = [name for name in table.column_names if name not in ("month", "_ml_matured_at", "_ml_known_at")]
    sql = scoring.select(f"(select * from t where _ml_split = '{split}') as s", [*columns, "_ml_score"])
    result = rows.query(sql)
    return {name: np.array([r[name.removeprefix("_ml_")] for r in result]) for name in (*columns, "_ml_score")}


def by_name(metrics: list[dict], scored_by: str = "self") -> dict[str, float]:
    return {m["metric"]: m["value"] for m in metrics if m["scored_by"] == scored_by}


GAPS = {
    "table": with_gaps(),
    "features": {"a": {"kind": "numeric"}, "b": {"kind": "numeric", "missing": "impute"}},
    "decision": DECLARATION["decision"] | {"threshold": 0.4},
}


@pytest.fixture(scope="module")
def sliced() -> dict:
    return trained(**GAPS, slices=SLICES)


def test_a_slice_is_measured_on_its_rows_of_the_holdout(sliced):
    data = scored(sliced, GAPS["table"])
    missing = np.array([value is None for value in data["b"]])
    assert 0 < missing.sum() < 100
    for name, inside in {"low": data["a"] < 0, "high_or_unknown": (data["a"] >= 0.5) | missing}.items():
        label, score = data["bought"][inside], data["_ml_score"][inside].astype(float)
        expected = {
            "roc_auc": roc_auc_score(label, score),
            "log_loss": log_loss(label, score),
            "brier": brier_score_loss(label, score),
            "f1": f1_score(label, score >= 0.4),
            "mean_score": np.mean(score),
            "scored_share": 1.0,
        }
        got = metrics_of(sliced, slice=name)
        assert {m["dataset"] for m in got} == {"holdout"}
        assert {m["scored_by"] for m in got} == {"self", "label"}
        assert {key: by_name(got)[key] for key in expected} == pytest.approx(expected, abs=TOLERANCE)
        assert by_name(got, "label") == pytest.approx({"base_rate": label.mean()}, abs=TOLERANCE)
        assert {m["n"] for m in got if m["metric"] == "log_loss"} == {inside.sum()}


def test_a_slice_without_rows_has_no_metric(sliced):
    assert metrics_of(sliced, slice="nobody") == []


def test_slices_leave_all_else_as_it_is(sliced):
    plain = trained(**GAPS)
    others = [m for m in json.loads(sliced["metrics"]) if m["slice"] not in SLICES]
    assert others == [pytest.approx(m) for m in json.loads(plain["metrics"])]
    assert sliced["coefficients"] == plain["coefficients"]


def test_slices_of_amounts():
    table = customers()
    table = table.append_column("amount", pa.array(np.exp(table["a"].to_numpy() + 0.1 * table["b"].to_numpy())))
    slices = {"low": SLICES["low"]}
    row = trained(
        table, task="regression", label="amount", algorithm={"family": "linear"}, decision=None, slices=slices
    )
    data = scored(row, table)
    inside = data["a"] < 0
    label, score = data["amount"][inside], data["_ml_score"][inside]
    expected = {
        "bias": np.mean(score - label),
        "mae": mean_absolute_error(label, score),
        "r2": r2_score(label, score),
    }
    got = by_name(metrics_of(row, slice="low"))
    assert {key: got[key] for key in expected} == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_the_shift_is_the_mean_distance_of_scores_that_both_give(task):
    random = np.random.default_rng(0)
    label = (random.random(300) < 0.4).astype(float)
    new, old, other = random.random((3, 300))
    new[:20], old[10:40] = np.nan, np.nan
    metrics = measured(task, label, {"self": new, "baseline:b": other, "version:1": old})
    both = ~np.isnan(new) & ~np.isnan(old)
    assert_mean(found(metrics, "version:1")["score_shift"], np.abs(new - old)[both])
    assert not {"score_shift"} & (set(values(metrics)) | set(values(metrics, "baseline:b")))


def test_of_several_classes_the_shift_is_what_probability_moves():
    random = np.random.default_rng(0)
    new, old = random.dirichlet([1, 2, 3], (2, 200))
    label = random.integers(0, 3, 200).astype(float)
    metrics = measured("multiclass", label, {"self": new, "version:4": old}, classes=["x", "y", "z"])
    moved = np.maximum(new - old, 0).sum(axis=1)
    assert_mean(found(metrics, "version:4")["score_shift"], moved)
    certain = measured(
        "multiclass",
        label[:1],
        {"self": np.array([[1.0, 0.0, 0.0]]), "version:4": np.array([[0.0, 0.0, 1.0]])},
        classes=["x", "y", "z"],
    )
    assert values(certain, "version:4")["score_shift"] == 1.0


def test_a_later_version_says_how_far_it_shifts_from_the_earlier_one():
    table = customers()
    first = trained(table)
    connection = duckdb.connect()
    later = table.set_column(
        table.schema.get_field_index("_ml_known_at"), "_ml_known_at", pa.array([datetime(2025, 6, 1)] * len(table))
    )
    (second,) = train_if_due(
        ml_model="m",
        spec=DECLARATION | {"algorithm": {"family": "logistic", "hyperparameters": {"C": 0.001}}},
        training_set=connection.from_arrow(later),
        history=connection.from_arrow(pa.Table.from_pylist([first])),
    ).to_pylist()
    one, two = scored(first, table)["_ml_score"], scored(second, table)["_ml_score"]
    (shift,) = metrics_of(second, dataset="holdout", metric="score_shift")
    assert (shift["scored_by"], shift["slice"], shift["n"]) == ("version:1", "all", 250)
    assert shift["value"] == pytest.approx(np.mean(np.abs(one - two)), abs=TOLERANCE)
    assert shift["value"] > 0.01


def smoke(row: dict) -> dict[tuple[str, str], float]:
    """The metrics of the smoke cases by case and name."""
    found = metrics_of(row, dataset="smoke")
    assert {(m["scored_by"], m["n"], m["ci_low"]) for m in found} == {("self", 1, None)}
    return {(m["slice"], m["metric"]): m["value"] for m in found}


CASES = {
    "usual": {"inputs": {"a": 0.25, "b": -1}, "score": [0, 1]},
    "none": {"inputs": {}, "rejected": True},
    "half": {"inputs": {"a": 1e300, "b": None}, "rejected": True},
}


def test_smoke_cases_are_scored_by_the_rows_of_the_version():
    row = trained(smoke_cases=CASES)
    term = {c["feature"]: c["slope"] or c["value"] for c in json.loads(row["coefficients"])}
    link = term[None] + 0.25 * term["a"] - term["b"]
    got = smoke(row)
    assert got == {
        ("usual", "scored_share"): 1.0,
        ("usual", "score"): pytest.approx(1 / (1 + np.exp(-link)), abs=1e-12),
        ("none", "scored_share"): 0.0,
        ("half", "scored_share"): 0.0,
    }


def test_smoke_cases_of_an_estimator():
    got = smoke(trained(smoke_cases=CASES, algorithm=forest()))
    assert set(got) == {
        ("usual", "scored_share"),
        ("usual", "score"),
        ("none", "scored_share"),
        ("half", "scored_share"),
    }
    assert 0 < got["usual", "score"] < 1
    assert (got["none", "scored_share"], got["half", "scored_share"]) == (0.0, 0.0)


def test_inputs_of_every_kind():
    table = customers()
    kinds = pa.table(
        {
            "plan": pa.array([1, 2, 3] * (len(table) // 3), pa.int32()),
            "trial": pa.array([True, False] * (len(table) // 2)),
            "since": pa.array([datetime(2024, 1 + n % 12, 1) for n in range(len(table))], pa.date32()),
            "whole": pa.array([n % 5 for n in range(len(table))], pa.int16()),
        }
    )
    for name in kinds.column_names:
        table = table.append_column(name, kinds[name])
    features = {
        "plan": {"kind": "categorical", "unknown": "reject"},
        "trial": {"kind": "boolean"},
        "since": {"kind": "date", "parts": ["month"]},
        "whole": {"kind": "numeric"},
    }
    known = {"plan": 2, "trial": False, "since": "2024-02-03 18:00:00", "whole": 2.5}
    cases = {
        "known": {"inputs": known, "score": [0, 1]},
        "text": {"inputs": known | {"plan": "2", "since": "2024-02-28"}, "score": [0, 1]},
        "unknown": {"inputs": known | {"plan": "two"}, "rejected": True},
        "low": {"inputs": known | {"whole": 2}, "score": [0, 1]},
        "high": {"inputs": known | {"whole": 3}, "score": [0, 1]},
    }
    got = smoke(trained(table, features=features, smoke_cases=cases))
    assert got["known", "score"] == got["text", "score"]
    assert got["unknown", "scored_share"] == 0.0
    low, middle, high = (np.log(p / (1 - p)) for p in (got[n, "score"] for n in ("low", "known", "high")))
    assert low != high
    assert middle == pytest.approx((low + high) / 2, abs=1e-9), "a half is not rounded to the type of the column"
