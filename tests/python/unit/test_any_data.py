"""Whatever the data and the declaration: one clear error before anything is written, or exact scores.

Random names from a nasty alphabet, random types of the engine, NULL, NaN, infinity, huge, tiny, duplicate and
single-class columns, random weights. ML_LEDGER_CASES says how many cases are drawn (`make nightly` draws 2,000).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_ledger import train_if_due
from ml_ledger.coefficients import Coefficient, Node
from ml_ledger.errors import MLLedgerError
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring

CASES = int(os.environ.get("ML_LEDGER_CASES", "100"))
# A version whose SQL is further from its estimator is refused; what is replayed from rows must be closer.
SAME_AS_ESTIMATOR, SAME_AS_ROWS = 1e-9, 1e-12
NASTY = "aZ0 '\"`.;-%$#@!äßЖ中🙂()[]{}<>=,|\\/"
KINDS = ("double", "float", "decimal", "integer", "bigint", "text", "boolean", "date", "timestamp")
NUMBERS = (0.0, 1.0, -1.0, 1e-300, 1e300, 1.7976931348623157e308, 5e-324, 0.1, 1e160, -1e16)
LINEAR = {
    "binary": ("logistic", "scorecard"),
    "regression": ("linear", "poisson", "gamma"),
    "multiclass": ("logistic",),
}
TREES = ("tree", "forest", "boosting", "additive_boosting", "constant")

column_names = st.text(NASTY, min_size=1, max_size=6).map(str.strip).filter(bool)


@st.composite
def columns(draw: st.DrawFn, n: int) -> tuple[str, pa.Array]:
    """The kind of a feature as it is declared, and its values."""
    kind = draw(st.sampled_from(KINDS))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.sampled_from(["spread", "few", "constant", "spiked"]))
    values: Any = random.normal(size=n) * 10
    if shape == "few":
        values = np.round(values / 10)
    elif shape == "constant":
        values = np.full(n, draw(st.sampled_from(NUMBERS)))
    elif shape == "spiked":
        values = np.where(random.random(n) < 0.8, 10.0, values)
    if kind == "double" and draw(st.booleans()):
        places = random.integers(0, n, 3)
        values[places] = draw(st.sampled_from([*NUMBERS, np.nan, np.inf, -np.inf]))
    missing = random.random(n) < draw(st.sampled_from([0.0] * 6 + [0.2] * 5 + [1.0]))
    return typed(kind, values, missing)


def typed(kind: str, values: np.ndarray, missing: np.ndarray) -> tuple[str, pa.Array]:
    whole = np.clip(np.nan_to_num(values, posinf=9, neginf=-9), -1e6, 1e6).astype(int)
    if kind == "double":
        return "numeric", pa.array(values, pa.float64(), mask=missing)
    if kind == "float":
        with np.errstate(over="ignore"):
            return "numeric", pa.array(values.astype(np.float32), pa.float32(), mask=missing)
    if kind == "decimal":
        texts = [None if gone else f"{x / 7:.2f}" for x, gone in zip(whole, missing, strict=True)]
        return "numeric", pa.array(texts, pa.string()).cast(pa.decimal128(18, 2))
    if kind in ("integer", "bigint"):
        declared = "categorical" if whole[0] % 2 else "numeric"
        return declared, pa.array(whole, pa.int32() if kind == "integer" else pa.int64(), mask=missing)
    if kind == "text":
        return "categorical", pa.array([f"l'{x % 7}\"" for x in whole], pa.string(), mask=missing)
    if kind == "boolean":
        return "boolean", pa.array(whole % 2 == 0, pa.bool_(), mask=missing)
    days = np.datetime64("2020-01-01", "D") + whole % 1000
    kind_of = pa.date32() if kind == "date" else pa.timestamp("us")
    return "date", pa.array(days.astype("M8[D]" if kind == "date" else "M8[us]"), kind_of, mask=missing)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], pa.Table, Sequence[str]]:
    """A declaration, a training set, and the columns that a version may read."""
    n = draw(st.sampled_from([12, 80, 200]))
    task = draw(st.sampled_from(["binary", "regression", "multiclass"]))
    names = draw(st.lists(column_names, min_size=4, max_size=7, unique_by=lambda name: name.strip().lower()))
    entity, as_of, label, *features = names
    weight = draw(st.sampled_from([None, "w" * 7]))
    declared, data = {}, {}
    for name in features:
        kind, values = draw(columns(n))
        declared[name] = {"kind": kind, "missing": draw(st.sampled_from(["impute", "own_level", "reject"]))}
        if kind == "date":
            declared[name]["parts"] = ["weekday", "month"]
        data[name] = values
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    hold_out = np.arange(n) % 4 == 3
    labels = {
        "binary": (random.random(n) < draw(st.sampled_from([0.0, 1.0] + [0.3] * 10))).astype(int),
        "regression": random.gamma(2.0, size=n) * draw(st.sampled_from([0.0] + [1.0, 1e9] * 5)),
        "multiclass": random.integers(0, draw(st.sampled_from([2] + [3] * 7)), n),
    }[task]
    if task == "multiclass":
        labels = np.array(["A+", "A", "ж"])[labels]
    weights = random.integers(0, 3, n).astype(float) * draw(st.sampled_from([1.0] * 12 + [-1.0, np.nan, 1e300]))
    family = draw(st.sampled_from([*LINEAR[task], *TREES]))
    spec: dict[str, Any] = {
        "task": task,
        "entity": entity,
        "as_of": as_of,
        "label": label,
        "features": declared,
        "algorithm": {"family": family},
        "baselines": {"constant": {"family": "constant"}},
    }
    if family in ("forest", "boosting", "additive_boosting"):
        spec["algorithm"]["hyperparameters"] = {"trees": 5}
    if task == "binary":
        spec["decision"] = {"threshold": 0.5, "positive": "a", "negative": "b", "fallback": "b"}
    if task == "multiclass":
        spec["classes"] = ["A+", "A", "ж"]
    if weight is not None:
        spec["training"] = {"sample_weight": weight}
        data[weight] = pa.array(weights)
    moment = np.where(hold_out, np.datetime64("2024-05-01", "us"), np.datetime64("2024-01-01", "us"))
    table = {entity: pa.array(np.arange(n)), as_of: pa.array(moment), label: pa.array(labels), **data}
    table |= {
        "_ml_matured_at": pa.array(np.full(n, np.datetime64("2024-06-01", "us"))),
        "_ml_split": pa.array(np.where(hold_out, "holdout", "train")),
        "_ml_weight": pa.array(np.ones(n)),
        "_ml_known_at": pa.array(np.full(n, np.datetime64("2024-06-01", "us"))),
        "_ml_invocation_id": pa.array(["x"] * n),
        "_ml_run_by": pa.array(["ana"] * n),
    }
    return spec, pa.table(table), list(data)


def scored(connection: duckdb.DuckDBPyConnection, scoring: CompiledScoring) -> np.ndarray:
    wanted = ["_ml_link", "_ml_score", *(f"_ml_output{o}" for o in range(1, len(scoring.outputs) + 1))]
    source = "(select *, 1 as _ml_row, row_number() over () as _ml_place from t) as _ml_rows"
    selected = ", ".join(f"cast({sql} as double)" for sql in wanted)
    inner = scoring.select(source, ["_ml_place", *wanted])
    rows = connection.execute(f"select {selected} from ({inner}) as _ml_scored order by _ml_place").fetchall()
    return np.array([[np.nan if x is None else x for x in row] for row in rows], dtype=float)


def refused(word: str) -> None:
    """JSON has no word for numbers that are none."""
    raise AssertionError(word)


@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=CASES <= 100,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(case=cases())
def test_a_clear_error_or_exact_scores(case):
    spec, table, _ = case
    connection = duckdb.connect()
    try:
        version = train_if_due(ml_model="m", spec=spec, training_set=connection.from_arrow(table), history=None)
    except MLLedgerError as error:  # any other one fails the test
        text = str(error)
        assert "got" in text or "Fix:" in text, text
        return
    (row,) = version.to_pylist()
    for name in ("coefficients", "nodes", "metrics", "reference", "scoring", "baselines", "diagnostics"):
        json.loads(row[name], parse_constant=refused)
    # That the estimator's own scores are those of the SQL, to SAME_AS_ESTIMATOR, was checked before the version was
    # made: here the stored rows alone are compiled again, as if the text had never been kept.
    stored = CompiledScoring.from_json(row["scoring"])
    again = compile_scoring(
        [Coefficient(**item) for item in json.loads(row["coefficients"])],
        link=row["link"],
        dialect="duckdb",
        nodes=[
            Node(**item | {"levels": item["levels"] and tuple(item["levels"])})
            for item in json.loads(row["nodes"])
        ],
    )
    connection.register("t", table)
    one, other = scored(connection, stored), scored(connection, again)
    assert (np.isfinite(one) == np.isfinite(other)).all()
    assert not np.isinf(one).any(), "a score that is no number is no score"
    finite = np.isfinite(one)
    size = np.maximum(1.0, np.abs(one[finite]))
    assert (np.abs(one[finite] - other[finite]) <= SAME_AS_ROWS * size).all()
