"""The scores node, called directly: `score_with_estimator` on relations in DuckDB."""

import json
import sys
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from sklearn.datasets import load_wine
from test_python_family import fitted, loaded

from ml_ledger import score_with_estimator
from ml_ledger.errors import DependencyError, VersionError, WarehouseError
from ml_ledger.scoring.estimators import SCORE_SCHEMA
from ml_ledger.scoring.onnx import OnnxScoring
from ml_ledger.sql_literals import literal

COLUMNS = ["f0", "f1", "f2"]
DAYS = ("2024-01-01", "2024-02-01", "2024-03-01")
EXACT = 1e-12


@pytest.fixture(scope="module")
def fits():
    """Two forests of wine 0, and one of all three wines."""
    X, y = load_wine(return_X_y=True)
    one, declared = loaded(X[:, :3], (y == 0).astype(int))
    all_three, _ = loaded(X[:, :3], y)
    return {
        1: fitted(one, declared, "forest", seed=1).fit,
        2: fitted(one, declared, "forest", seed=2).fit,
        3: fitted(all_three, declared, "forest", task="multiclass").fit,
    }


@pytest.fixture
def connection(fits):
    """Wines at three as-of dates, three versions that are estimators and one that is not; no deployment yet."""
    made = duckdb.connect()
    X, _ = load_wine(return_X_y=True)
    wines = {"wine": pa.array(np.arange(len(X))), **{name: X[:, j] for j, name in enumerate(COLUMNS)}}
    made.register("wines", pa.table(wines))
    made.execute(
        "create table features as select wines.* replace (case when wine <> 5 then f1 end as f1), day"
        f" from wines cross join (select unnest([{', '.join(f'date {literal(day)}' for day in DAYS)}]) as day)"
    )
    versions = []
    for number, fit in fits.items():
        stored = OnnxScoring(fit.onnx, fit.design, fit.accepts, fit.outputs).stored()
        versions.append({"version": number, "scoring": json.dumps({"estimator": stored}), "onnx": fit.onnx})
    versions.append({"version": 4, "scoring": json.dumps({"terms": []}), "onnx": None})
    shared = {"features": json.dumps(COLUMNS), "spec": json.dumps({"entity": "wine", "as_of": "day"})}
    made.register("stored", pa.Table.from_pylist([{**version, **shared} for version in versions]))
    made.execute("create table versions as select * from stored")
    made.execute(
        "create table deployments (event_number bigint, slot varchar, version bigint, event varchar,"
        " valid_from timestamp)"
    )
    return made


def deploy(connection, slot, version, valid_from="2024-01-15", event="deployed"):
    connection.execute(
        "insert into deployments select count(*) + 1, ?, ?, ?, ? from deployments",
        [slot, version, event, valid_from],
    )


def reader(connection, clock="2024-02-20", **others) -> pa.RecordBatchReader:
    return score_with_estimator(
        ml_model="wine",
        features=others.get("features", connection.table("features")),
        versions=connection.table("versions"),
        deployments=connection.table("deployments"),
        clock=others.get("clock_rows", connection.sql(f"select timestamp '{clock}' as clock")),
    )


def expected(fit, wines) -> np.ndarray:
    """The estimator's own scores, n × m."""
    X, _ = load_wine(return_X_y=True)
    return fit.predict(X[np.ix_(wines, range(3))]).reshape(len(wines), -1)


def test_every_live_estimator_scores_the_latest_as_of_date(connection, fits):
    deploy(connection, "champion", 1)
    deploy(connection, "challenger", 3)
    deploy(connection, "shadow", 4)
    scored = reader(connection)
    assert scored.schema.equals(SCORE_SCHEMA)
    rows = scored.read_all().to_pylist()
    assert {row["as_of"] for row in rows} == {datetime(2024, 2, 1)}, "the date after the clock does not exist yet"
    assert {(row["slot"], row["version"], row["output"]) for row in rows} == {
        ("champion", 1, "score"),
        *(("challenger", 3, output) for output in ("zero", "one", "two")),
    }
    assert len(rows) == 178 * 4
    for version, outputs in ((1, ["score"]), (3, ["zero", "one", "two"])):
        for position, output in enumerate(outputs):
            scores = {
                int(row["entity_id"]): row["score"]
                for row in rows
                if (row["version"], row["output"]) == (version, output)
            }
            assert len(scores) == 178
            assert scores.pop(5) is None, "its f1 is NULL, which is declared to be rejected"
            truth = expected(fits[version], list(scores))[:, position]
            assert np.max(np.abs(np.array(list(scores.values())) - truth)) < EXACT


def test_a_slot_is_scored_by_its_latest_deployment_at_the_clock(connection):
    deploy(connection, "champion", 1, "2024-01-15")
    deploy(connection, "champion", 2, "2024-02-15")
    deploy(connection, "champion", 3, "2024-02-18", event="refused")
    deploy(connection, "champion", 3, "2024-02-21")

    def live(clock):
        return set(reader(connection, clock).read_all()["version"].to_pylist())

    assert live("2024-01-10") == set()
    assert live("2024-02-14") == {1}
    assert live("2024-02-20") == {2}
    assert live("2024-02-21") == {3}
    deploy(connection, "champion", 4, "2024-03-01")
    assert live("2024-03-02") == set(), "SQL scores that version"


def test_batches_can_be_written_by_another_cursor_as_dbt_does(connection):
    deploy(connection, "champion", 1)
    lazy = reader(connection)
    cursor = connection.cursor()
    cursor.register("lazy", lazy)
    cursor.execute("create table scores as select * from lazy")
    assert connection.execute("select count(*), count(score) from scores").fetchall() == [(178, 177)]


def test_a_column_that_is_gone(connection):
    deploy(connection, "champion", 1)
    with pytest.raises(
        VersionError, match=r"version 1 is live as champion and reads f2, .* Allowed: wine, f0, f1, day"
    ):
        reader(connection, features=connection.sql("select * exclude (f2) from features"))


def test_a_clock_that_is_not_one_moment(connection):
    for rows in (
        "select timestamp '2024-01-01' as clock where false",
        "select unnest([date '2024-01-01', '2024-01-02']) as clock",
    ):
        with pytest.raises(WarehouseError, match=r"clock: must be one moment; got [02]"):
            reader(connection, clock_rows=connection.sql(rows))


def test_without_the_extra_only_a_live_estimator_is_an_error(connection, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert reader(connection).read_all().num_rows == 0
    deploy(connection, "champion", 1)
    with pytest.raises(DependencyError, match=r"pip install 'ml_ledger\[onnx\]'"):
        reader(connection)
