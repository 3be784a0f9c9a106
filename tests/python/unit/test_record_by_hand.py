"""A record written by hand, as docs/record.md says, is intact; and each thing that is done to it is found."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime
from typing import Any

import duckdb
import pytest

from ml_ledger.errors import WarehouseError
from ml_ledger.record.verification import verify

PERSONAL = (
    "entity_id",
    "bucket",
    "rejected_because",
    "reasons",
    "features",
    "imputed_features",
    "clipped_features",
)
LINK = "hash_format bigint, previous_hash varchar, content_hash varchar"
TABLES = {
    "m_versions": "version bigint, trained_at timestamp, share double, is_refit boolean, onnx blob,"
    f" estimator_sha256 varchar, {LINK}",
    "m_deployments": f"event_number bigint, deployment_id varchar, event varchar, details varchar, {LINK}",
    "m_feedback": "feedback_number bigint, decision_id varchar, reason varchar, reason_salt varchar,"
    f" reason_hash varchar, {LINK}",
    "m_predictions": "decision_id varchar, deployment_id varchar, invocation_id varchar, score double,"
    " entity_id varchar, bucket bigint, rejected_because varchar, reasons varchar, features varchar,"
    " imputed_features varchar, clipped_features varchar, values_salt varchar, values_hash varchar,"
    " content_hash varchar",
    "m_batches": "batch_number bigint, predicted_by varchar, predictions bigint, predictions_hash varchar,"
    f" last_version_hash varchar, last_event_hash varchar, {LINK}",
}
Row = dict[str, Any]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def text_of(row: Row) -> str:
    lines = []
    for column in sorted(row):
        value = row[column]
        if value is None:
            continue
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, datetime):
            value = f"{value:%Y-%m-%d %H:%M:%S.%f}"
        lines.append(f"{column}={len(str(value))}:{value}")
    return "\n".join(lines)


def chained(rows: list[Row], apart: tuple[str, ...] = ()) -> list[Row]:
    before = None
    for row in rows:
        row |= {"hash_format": 1, "previous_hash": before}
        before = sha256(text_of({column: row[column] for column in row if column not in ("onnx", *apart)}))
        row["content_hash"] = before
    return rows


def prediction(number: int, run: str, **values: Any) -> Row:
    row = {"decision_id": f"d{number}", "deployment_id": "m-1", "invocation_id": run, "score": number / 7}
    personal = dict.fromkeys(PERSONAL) | {"entity_id": f"e{number}", "bucket": number, "features": '{"a":1}'}
    salt = f"salt {number}"
    values_hash = sha256(salt + "\n" + text_of(personal))
    row["content_hash"] = sha256(text_of(row | {"values_hash": values_hash}))
    kept = personal | {"values_salt": salt, "values_hash": None}
    if values.get("erased"):
        kept = dict.fromkeys(PERSONAL) | {"values_salt": None, "values_hash": values_hash}
    return row | kept


def sealed(predictions: list[Row]) -> str:
    groups = defaultdict(list)
    for content_hash in sorted(row["content_hash"] for row in predictions):
        groups[content_hash[:2]].append(content_hash)
    return sha256("".join(sha256("".join(groups[digits])) for digits in sorted(groups)))


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    """Two versions, one an estimator; four events, of them an erasure and a removal; three runs, the first removed."""
    onnx = b"an estimator"
    versions = chained(
        [
            {"version": 1, "trained_at": datetime(2026, 1, 1), "share": 0.1, "is_refit": True, "onnx": None}
            | {"estimator_sha256": None},
            {"version": 2, "trained_at": datetime(2026, 2, 1, 6, 30, 0, 5), "share": 1e-05, "is_refit": False}
            | {"onnx": onnx, "estimator_sha256": hashlib.sha256(onnx).hexdigest()},
        ]
    )
    events = [
        {"event_number": 1, "deployment_id": "m-1", "event": "deployed", "details": None},
        {"event_number": 2, "deployment_id": "m-2", "event": "refused", "details": "a text that is no JSON"},
        {
            "event_number": 3,
            "deployment_id": "m-3",
            "event": "erased",
            "details": '[{"decision_id": "d2"}, {"of": 1}]',
        },
        {"event_number": 4, "deployment_id": "m-4", "event": "removed", "details": '[{"batch_number": 1}]'},
    ]
    deployments = chained(events)
    runs = {
        "run 1": [prediction(n, "run 1") for n in range(90, 99)],
        "run 2": [prediction(n, "run 2", erased=n == 2) for n in range(1, 40)],
        "run 3": [prediction(n, "run 3") for n in range(40, 43)],
    }
    batches = chained(
        [
            {
                "batch_number": number,
                "predicted_by": run,
                "predictions": len(rows),
                "predictions_hash": sealed(rows),
            }
            | {"last_version_hash": versions[-1]["content_hash"], "last_event_hash": events[0]["content_hash"]}
            for number, (run, rows) in enumerate(runs.items(), 1)
        ]
    )
    feedback = chained(
        [
            {"feedback_number": n, "decision_id": f"d{n}", "reason": f"because {n}", "reason_salt": f"grain {n}"}
            | {"reason_hash": sha256(f"grain {n}\nbecause {n}")}
            for n in (1, 2, 3)
        ],
        apart=("reason", "reason_salt"),
    )
    feedback[1] |= {"reason": None, "reason_salt": None}  # with the values, as an erasure does
    made = duckdb.connect()
    tables = (versions, deployments, feedback, [*runs["run 2"], *runs["run 3"]], batches)
    for (name, columns), rows in zip(TABLES.items(), tables, strict=True):
        made.execute(f"create table {name} ({columns})")
        places = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
        values = [row[column] for row in rows for column in rows[0]]
        made.execute(f"insert into {name} ({', '.join(rows[0])}) values {places}", values)
    return made


def found(warehouse: duckdb.DuckDBPyConnection, **options: Any) -> list[tuple[str, str, str]]:
    return [
        (finding.table, finding.row, finding.problem.split(":")[0])
        for verified in verify(warehouse, **options)
        for finding in verified.findings
    ]


def test_a_record_that_is_written_as_documented_is_intact(warehouse):
    (verified,) = verify(warehouse)
    assert verified.findings == ()
    assert (verified.ml_model, verified.counts) == (
        "m",
        {"versions": 2, "deployments": 4, "batches": 3, "feedback": 3, "predictions": 42},
    )
    assert {(head["table"], head["number"]) for head in verified.heads} == {
        ("m_versions", 2),
        ("m_deployments", 4),
        ("m_batches", 3),
        ("m_feedback", 3),
    }
    assert found(warehouse, anchors=verified.heads) == []


FORGED = {
    "a content": (
        "update m_versions set share = 0.2 where version = 1",
        [("m_versions", "version 1", "its content is not what was recorded")],
    ),
    "a flag": (
        "update m_versions set is_refit = true where version = 2",
        [("m_versions", "version 2", "its content is not what was recorded")],
    ),
    "a microsecond": (
        "update m_versions set trained_at = trained_at + interval 1 microsecond where version = 2",
        [("m_versions", "version 2", "its content is not what was recorded")],
    ),
    "an estimator": (
        "update m_versions set onnx = 'another'::blob where version = 2",
        [("m_versions", "version 2", "its estimator is not what was recorded")],
    ),
    "an estimator that is gone": (
        "update m_versions set onnx = null where version = 2",
        [("m_versions", "version 2", "its estimator is not what was recorded")],
    ),
    "no hash": (
        "update m_versions set content_hash = null where version = 1",
        [
            ("m_versions", "version 1", "it has no hash"),
            ("m_versions", "version 2", "it does not follow the row before it"),
        ],
    ),
    "another format": (
        "update m_versions set hash_format = 2 where version = 1",
        [("m_versions", "version 1", "its hash_format is 2, which this ml_ledger does not know. Allowed")],
    ),
    "a row that is doubled": (
        "insert into m_versions select * from m_versions where version = 2",
        [("m_versions", "version 2", "duplicate row")],
    ),
    "a row in the middle that is gone": (
        "delete from m_deployments where event_number = 2",
        [("m_deployments", "event_number 3", "the rows before it are missing, from event_number 2")],
    ),
    "the last version, which batches sealed": (
        "delete from m_versions where version = 2",
        [("m_batches", f"batch_number {n}", "the last version that it sealed is missing") for n in (1, 2, 3)],
    ),
    "the event that batches sealed": (
        "update m_batches set last_event_hash = 'x' where batch_number = 3",
        [
            ("m_batches", "batch_number 3", "its content is not what was recorded"),
            ("m_batches", "batch_number 3", "the last event of deployments that it sealed is missing"),
        ],
    ),
    "a score": (
        "update m_predictions set score = score + 1e-9 where decision_id = 'd5'",
        [("m_predictions", "decision_id d5", "its content is not what was recorded")],
    ),
    "a value of a person": (
        "update m_predictions set features = '{}' where decision_id = 'd5'",
        [("m_predictions", "decision_id d5", "its content is not what was recorded")],
    ),
    "values that come back": (
        "update m_predictions set entity_id = 'e2' where decision_id = 'd2'",
        [("m_predictions", "decision_id d2", "its values were erased and are there again")],
    ),
    "a deployment that never was": (
        "delete from m_deployments where event_number > 3; update m_deployments set deployment_id = 'x'"
        " where event_number = 1",
        [
            ("m_deployments", "event_number 1", "its content is not what was recorded"),
            *(
                ("m_predictions", f"decision_id d{n}", "it was made by deployment m-1, which does not exist")
                for n in range(1, 43)
            ),
            (
                "m_batches",
                "batch_number 1",
                "its predictions are missing, and no operation recorded that they were removed",
            ),
        ],
    ),
    "a prediction that is gone": (
        "delete from m_predictions where decision_id = 'd7'",
        [("m_batches", "batch_number 2", "it sealed 39 predictions, and there are 38")],
    ),
    "a run that is gone": (
        "delete from m_predictions where invocation_id = 'run 3'",
        [
            (
                "m_batches",
                "batch_number 3",
                "its predictions are missing, and no operation recorded that they were removed",
            ),
        ],
    ),
    "a prediction that changed places with one of another run": (
        "update m_predictions set invocation_id = 'run 4' where decision_id = 'd7'",
        [
            ("m_predictions", "decision_id d7", "its content is not what was recorded"),
            ("m_batches", "batch_number 2", "it sealed 39 predictions, and there are 38"),
            ("m_predictions", "invocation_id run 4", "1 predictions of this run are not sealed"),
        ],
    ),
    "a reason": (
        "update m_feedback set reason = 'forged' where feedback_number = 1",
        [("m_feedback", "feedback_number 1", "its reason is not what was recorded")],
    ),
    "a reason that comes back": (
        "update m_feedback set reason = 'forged' where feedback_number = 2",
        [("m_feedback", "feedback_number 2", "its reason was erased and is there again")],
    ),
    "a reason that is gone": (
        "update m_feedback set reason = null, reason_salt = null where feedback_number = 3",
        [
            (
                "m_feedback",
                "feedback_number 3",
                "its reason is missing, and no operation recorded that it was erased",
            )
        ],
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_what_is_done_to_a_record_is_found_and_nothing_else_is(warehouse, what):
    sql, expected = FORGED[what]
    warehouse.execute(sql)
    assert sorted(found(warehouse)) == sorted(expected)


def test_a_prediction_whose_values_are_gone_without_an_erasure_is_found(warehouse):
    """Its hash holds, since the hash of the values takes their place: only the event is missing."""
    row = prediction(5, "run 2", erased=True)
    columns = ", ".join(f"{column} = ?" for column in row)
    warehouse.execute(f"update m_predictions set {columns} where decision_id = 'd5'", list(row.values()))
    assert found(warehouse) == [
        (
            "m_predictions",
            "decision_id d5",
            "its values are missing, and no operation recorded that they were erased",
        )
    ]


def test_a_hash_of_values_beside_the_values_is_found(warehouse):
    row = prediction(5, "run 2", erased=True)
    warehouse.execute("update m_predictions set values_hash = ? where decision_id = 'd5'", [row["values_hash"]])
    assert found(warehouse) == [
        ("m_predictions", "decision_id d5", "it has a values_hash beside the values, which only an erasure writes")
    ]


def test_predictions_that_are_swapped_for_others_are_found(warehouse):
    """As many as were sealed, each with a hash that holds."""
    warehouse.execute("delete from m_predictions where decision_id = 'd7'")
    row = prediction(70, "run 2")
    warehouse.execute(
        f"insert into m_predictions ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
    )
    assert found(warehouse) == [("m_batches", "batch_number 2", "its predictions are not those that were sealed")]


def test_an_end_that_is_cut_off_is_found_by_an_anchor(warehouse):
    (before,) = verify(warehouse)
    warehouse.execute("delete from m_feedback where feedback_number = 3")
    assert found(warehouse) == []
    assert found(warehouse, anchors=before.heads) == [
        ("m_feedback", "feedback_number 3", "is not what was anchored")
    ]
    elsewhere = {"ml_model": "gone", "table": "gone_versions", "number": 1, "content_hash": "x"}
    assert ("gone_versions", "all rows", "an anchor names this ML model, which is missing") in found(
        warehouse, anchors=[elsewhere]
    )


def test_a_warehouse_without_a_record_is_refused():
    with pytest.raises(WarehouseError, match="holds no ML model with a record"):
        verify(duckdb.connect())
