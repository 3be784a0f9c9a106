"""Whoever changes the record by SQL is found, by the dbt test and by `ml-ledger verify`, with the table and the row."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from conftest import Project
from operator_of import Operator

from ml_ledger.commands.verify import anchor, verify
from ml_ledger.errors import MLLedgerError
from ml_ledger.record.canonical import canonical_text, sha256
from ml_ledger.record.chains import hash_of_hashes
from ml_ledger.record.predictions import prediction_hash

VERSIONS, DEPLOYMENTS = "repurchase_versions", "repurchase_deployments"
PREDICTIONS, BATCHES = "repurchase_predictions", "repurchase_batches"
# Some decision of the first batch, chosen the same way each time.
DECISION = (
    "decision_id = (select min(decision_id) from repurchase_predictions"
    " where decided_at = timestamp '1997-12-31' and status = 'scored')"
)
FIRST_RUN = f"invocation_id = (select predicted_by from {BATCHES} where batch_number = 1)"

# What somebody does, and the table and row that is named.
MANIPULATIONS = {
    "a coefficient": (
        f"update {VERSIONS} set coefficients = replace(coefficients, ': -0.0', ': -0.1') where version = 1",
        VERSIONS,
        "version 1",
    ),
    "a metric": (
        f"update {VERSIONS} set metrics = replace(metrics, '0.8', '0.9') where version = 2",
        VERSIONS,
        "version 2",
    ),
    "who trained it": (f"update {VERSIONS} set trained_by = 'nobody' where version = 1", VERSIONS, "version 1"),
    "when it was recorded": (
        f"update {VERSIONS} set recorded_at = recorded_at - interval 1 microsecond where version = 1",
        VERSIONS,
        "version 1",
    ),
    "the first version is deleted": (f"delete from {VERSIONS} where version = 1", VERSIONS, "version 2"),
    "the last version is deleted": (f"delete from {VERSIONS} where version = 2", BATCHES, "batch_number 2"),
    "versions change places": (f"update {VERSIONS} set version = 3 - version", VERSIONS, "version 1"),
    "why it was refused": (
        f"update {DEPLOYMENTS} set checks = '[]' where event_number = 1",
        DEPLOYMENTS,
        "event_number 1",
    ),
    "who approved": (
        f"update {DEPLOYMENTS} set actor = 'ana' where event_number = 3",
        DEPLOYMENTS,
        "event_number 3",
    ),
    "a reason is gone": (
        f"update {DEPLOYMENTS} set reason = null where event_number = 3",
        DEPLOYMENTS,
        "event_number 3",
    ),
    "a deployment begins earlier": (
        f"update {DEPLOYMENTS} set valid_from = timestamp '1998-01-01' where event_number = 2",
        DEPLOYMENTS,
        "event_number 2",
    ),
    "a deployment is deleted": (
        f"delete from {DEPLOYMENTS} where event_number = 2",
        DEPLOYMENTS,
        "event_number 3",
    ),
    "deployments change places": (
        f"update {DEPLOYMENTS} set event_number = 5 - event_number where event_number in (2, 3)",
        DEPLOYMENTS,
        "event_number 2",
    ),
    "a deployment is there twice": (
        f"insert into {DEPLOYMENTS} select * from {DEPLOYMENTS} where event_number = 2",
        DEPLOYMENTS,
        "event_number 2",
    ),
    "a deployment without a number": (
        f"update {DEPLOYMENTS} set event_number = null where event_number = 4",
        DEPLOYMENTS,
        "event_number NULL",
    ),
    "a deployment is made up": (
        f"insert into {DEPLOYMENTS} select * replace (event_number + 1 as event_number, 'x' as deployment_id)"
        f" from {DEPLOYMENTS} where event_number = (select max(event_number) from {DEPLOYMENTS})",
        DEPLOYMENTS,
        "event_number 5",
    ),
    "a score": (f"update {PREDICTIONS} set score = score + 1e-12 where {DECISION}", PREDICTIONS, "{decision}"),
    "a decision": (
        f"update {PREDICTIONS} set decision = 'send_offer' || decision where {DECISION}",
        PREDICTIONS,
        "{decision}",
    ),
    "an input": (
        f"update {PREDICTIONS} set features = replace(features, 'orders_30d\":', 'orders_30d\":1') where {DECISION}",
        PREDICTIONS,
        "{decision}",
    ),
    "a reason of a decision": (
        f"update {PREDICTIONS} set reasons = '[]' where {DECISION}",
        PREDICTIONS,
        "{decision}",
    ),
    "whom it was about": (f"update {PREDICTIONS} set entity_id = '0' where {DECISION}", PREDICTIONS, "{decision}"),
    "a hash that only an erasure writes": (
        f"update {PREDICTIONS} set values_hash = 'x' where {DECISION}",
        PREDICTIONS,
        "{decision}",
    ),
    "an estimator": (f"update {VERSIONS} set onnx = 'x'::blob where version = 1", VERSIONS, "version 1"),
    "its salt": (f"update {PREDICTIONS} set values_salt = 'x' where {DECISION}", PREDICTIONS, "{decision}"),
    "which version decided": (f"update {PREDICTIONS} set version = 2 where {DECISION}", PREDICTIONS, "{decision}"),
    "a prediction is deleted": (f"delete from {PREDICTIONS} where {DECISION}", BATCHES, "batch_number 1"),
    "a prediction is there twice": (
        f"insert into {PREDICTIONS} select * from {PREDICTIONS} where {DECISION}",
        BATCHES,
        "batch_number 1",
    ),
    "a run is deleted": (f"delete from {PREDICTIONS} where {FIRST_RUN}", BATCHES, "batch_number 1"),
    "a batch is deleted": (f"delete from {BATCHES} where batch_number = 1", BATCHES, "batch_number 2"),
    "the last batch is deleted": (f"delete from {BATCHES} where batch_number = 2", PREDICTIONS, "invocation_id"),
    "a batch counts less": (f"update {BATCHES} set predictions = predictions - 1", BATCHES, "batch_number 1"),
}


@pytest.fixture(scope="module")
def history(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two versions, two batches, four events."""
    project = built_sample.copy(tmp_path_factory.mktemp("tamper") / "project")
    project.dbt("run", clock="1998-03-31")
    operator = Operator(project, "1998-04-30")
    operator("ml_promote", ml_model="repurchase", version=1, slot="shadow", reason="watch")
    operator("ml_pause", ml_model="repurchase", reason="sold out")
    return project


@pytest.fixture
def warehouse(history: Project, tmp_path: Path) -> Path:
    copied = tmp_path / "warehouse.duckdb"
    copied.write_bytes(history.warehouse.read_bytes())
    return copied


def found(warehouse: Path) -> tuple[list[str], str]:
    """What the dbt test finds, and what the command says."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select table_name || ': ' || row_name || ': ' || problem from ml_integrity"
        ).fetchall()
    try:
        said = verify(warehouse)
    except MLLedgerError as error:
        said = str(error)
    return [row[0] for row in rows], said


def test_an_untouched_record_is_intact(warehouse: Path):
    rows, said = found(warehouse)
    assert rows == []
    assert said == "repurchase: 2 versions, 4 deployments, 2 batches, 4,714 predictions: intact"


@pytest.mark.parametrize("what", MANIPULATIONS)
def test_a_manipulation_is_found(warehouse: Path, what: str):
    sql, table, row = MANIPULATIONS[what]
    with duckdb.connect(str(warehouse)) as connection:
        decision = connection.execute(f"select decision_id from {PREDICTIONS} where {DECISION}").fetchall()[0][0]
        connection.execute(sql)
    named = f"{table}: {row.replace('{decision}', f'decision_id {decision}')}"
    rows, said = found(warehouse)
    assert any(text.startswith(named) for text in rows), rows
    assert "the record is not intact" in said
    assert named in said


def test_an_estimator_that_is_gone_is_found(warehouse: Path):
    with duckdb.connect(str(warehouse)) as connection:
        version = dicts(connection, f"select * from {VERSIONS} where version = 2")[0]
        version |= {"estimator_sha256": "0" * 64}
        content = {c: v for c, v in version.items() if c not in ("content_hash", "onnx")}
        connection.execute(
            f"update {VERSIONS} set estimator_sha256 = ?, content_hash = ? where version = 2",
            [version["estimator_sha256"], sha256(canonical_text(content))],
        )
    rows, said = found(warehouse)
    named = f"{VERSIONS}: version 2: its estimator is not what was recorded"
    assert named in rows
    assert named in said


def test_details_that_are_not_json_do_not_stop_the_command(warehouse: Path):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"update {DEPLOYMENTS} set event = 'erased', details = '5' where event_number = 4")
        connection.execute(f"update {DEPLOYMENTS} set event = 'removed', details = 'x' where event_number = 3")
    with pytest.raises(MLLedgerError, match="event_number 3: its content is not what was recorded"):
        verify(warehouse)


@pytest.mark.parametrize("node", ["versions", "deployments", "predictions", "batches"])
def test_a_table_that_is_gone_is_found(warehouse: Path, node: str):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"drop table repurchase_{node}")
    with pytest.raises(MLLedgerError, match="the record is not intact"):
        verify(warehouse)


def test_a_chain_that_was_rewritten_as_a_whole_is_found_by_an_anchor(warehouse: Path, tmp_path: Path):
    kept_elsewhere = tmp_path / "anchors.jsonl"
    kept_elsewhere.write_text(anchor(warehouse) + "\n")
    assert "3 anchored heads" in verify(warehouse, kept_elsewhere)
    with duckdb.connect(str(warehouse)) as connection:
        rewritten(connection)
    rows, said = found(warehouse)
    assert rows == [] and said.endswith("intact"), "every hash was computed again, so only the anchor can tell"
    with pytest.raises(MLLedgerError) as refused:
        verify(warehouse, kept_elsewhere)
    for named in (
        "repurchase_versions: version 2",
        "repurchase_deployments: event_number 4",
        "repurchase_batches: batch_number 2",
    ):
        assert f"{named}: is not what was anchored" in str(refused.value)


def rewritten(connection: duckdb.DuckDBPyConnection) -> None:
    """Change one decision, one version and one event, and make every hash fit."""
    connection.execute(f"update {PREDICTIONS} set score = score / 2 where {DECISION}")
    connection.execute(f"update {VERSIONS} set trained_by = 'nobody' where version = 1")
    connection.execute(f"update {DEPLOYMENTS} set actor = 'nobody' where event_number = 1")
    content: dict[str, str] = {}
    by_run: dict[str, list[str]] = {}
    for row in dicts(connection, f"select * from {PREDICTIONS}"):
        content[row["decision_id"]] = prediction_hash(row)
        by_run.setdefault(row["invocation_id"], []).append(content[row["decision_id"]])
        if content[row["decision_id"]] != row["content_hash"]:
            connection.execute(
                f"update {PREDICTIONS} set content_hash = ? where decision_id = ?",
                [content[row["decision_id"]], row["decision_id"]],
            )
    heads = {}
    for table, number in ((VERSIONS, "version"), (DEPLOYMENTS, "event_number"), (BATCHES, "batch_number")):
        before = None
        for row in dicts(connection, f"select * from {table} order by {number}"):
            row["previous_hash"] = before
            if table == BATCHES:
                row |= {
                    "predictions_hash": hash_of_hashes(by_run[row["predicted_by"]]),
                    "last_version_hash": heads[VERSIONS],
                    "last_event_hash": heads[DEPLOYMENTS],
                }
            text = canonical_text({c: v for c, v in row.items() if c not in ("content_hash", "onnx")})
            row["content_hash"] = before = heads[table] = sha256(text)
            changed = [c for c in row if c.endswith("hash") and c not in ("spec_hash",)]
            connection.execute(
                f"update {table} set {', '.join(f'{c} = ?' for c in changed)} where {number} = ?",
                [*(row[c] for c in changed), row[number]],
            )


def dicts(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    result = connection.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_an_anchor_file_that_is_none_is_refused(warehouse: Path, tmp_path: Path):
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text(json.dumps({"ml_model": "repurchase"}) + "\n")
    with pytest.raises(MLLedgerError, match=r"line 1 .* is no head of a chain"):
        verify(warehouse, wrong)
    with pytest.raises(MLLedgerError, match="cannot be read"):
        verify(warehouse, tmp_path / "missing.jsonl")


def test_plain_sql_from_the_docs_computes_the_hashes(warehouse: Path):
    page = (Path(__file__).parents[3] / "docs" / "record.md").read_text(encoding="utf-8")
    sql = page.split("## By hand")[1].split("```sql\n")[1].split("```")[0]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute(sql).fetchall() == [(number, True, True) for number in (1, 2, 3, 4)]
