"""What the versions node does, called directly: `train_if_due` on relations in DuckDB."""

import json
from dataclasses import replace
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from test_validation import DECLARATION, GOOD

import ml_ledger.fitting.fitting
from ml_ledger import train_if_due
from ml_ledger.errors import SpecError, TrainingSetError, VersionError
from ml_ledger.families import FAMILIES
from ml_ledger.training.version import VERSION_SCHEMA


def train(sql: str = GOOD, history: pa.Table | None = None, **changes) -> pa.Table:
    connection = duckdb.connect()
    return train_if_due(
        ml_model="m",
        spec={key: value for key, value in (DECLARATION | changes).items() if value is not None},
        training_set=connection.sql(sql),
        history=None if history is None else connection.from_arrow(history),
    )


def only_row(table: pa.Table) -> dict:
    (row,) = table.to_pylist()
    return row


def at(clock: str) -> str:
    return f"select * replace (timestamp '{clock}' as _ml_known_at) from ({GOOD})"


def test_the_first_version():
    table = train()
    row = only_row(table)
    assert table.schema.equals(VERSION_SCHEMA)
    assert (row["version"], row["trained_because"]) == (1, "first version")
    assert (row["trained_at"], row["invocation_id"]) == (datetime(2024, 6, 1), "x")
    assert (row["train_rows"], row["holdout_rows"]) == (100, 50)
    assert (row["train_from"], row["train_to"]) == (datetime(2024, 1, 1), datetime(2024, 2, 1))
    assert row["labels_overlap_holdout"] is True, "matured in June, held out in March"
    assert json.loads(row["spec"])["features"]["gap"]["missing"] == "impute"


def test_labels_that_mature_as_the_holdout_begins_do_not_overlap_it():
    row = only_row(train(f"select * replace (timestamp '2024-03-01' as _ml_matured_at) from ({GOOD})"))
    assert row["labels_overlap_holdout"] is False


def test_nothing_is_appended_until_a_version_is_due():
    first = train()
    assert train(history=first).num_rows == 0
    assert train(at("2024-08-29"), history=first).num_rows == 0
    assert only_row(train(at("2024-08-30"), history=first))["version"] == 2
    assert only_row(train(history=first, reasons=2))["version"] == 2


def test_without_a_matured_label_nothing_is_due():
    nothing = f"select * from ({GOOD}) where false"
    assert train(nothing).num_rows == 0
    assert train(nothing, history=train()).num_rows == 0


def test_earlier_versions_are_measured_on_the_same_rows_in_any_order_of_history():
    first = train()
    second = train(at("2024-09-01"), history=first)
    history = pa.concat_tables([second, first])
    third = only_row(train(at("2024-12-01"), history=history))
    assert third["version"] == 3
    scorers = {m["scored_by"] for m in json.loads(third["metrics"]) if m["dataset"] == "holdout"}
    assert scorers == {"self", "baseline:constant", "version:1", "version:2", "label"}


def test_a_version_that_reads_a_column_which_is_gone_is_said_to_score_nothing():
    renamed = f"select * rename (gap as break) from ({at('2024-12-01')})"
    features = {"age": {"kind": "numeric"}, "break": {"kind": "numeric", "missing": "impute"}}
    row = only_row(train(renamed, history=train(), features=features))
    about_first = [m for m in json.loads(row["metrics"]) if m["scored_by"] == "version:1"]
    assert [(m["metric"], m["value"]) for m in about_first] == [("scored_share", 0.0)]


@pytest.mark.parametrize(
    ("then", "now", "type_now", "scored"),
    [
        ("numeric", "categorical", "varchar", False),
        ("numeric", "categorical", "bigint", True),
        ("categorical", "categorical", "varchar", True),
        ("categorical", "numeric", "double", False),
        ("categorical", "numeric", "bigint", True),
        ("numeric", "numeric", "decimal(9, 1)", True),
    ],
)
def test_a_feature_whose_kind_changed_is_gone_for_earlier_versions(then, now, type_now, scored):
    def features(kind: str) -> dict:
        return {"age": {"kind": kind}, "gap": {"kind": "numeric", "missing": "impute"}}

    first = train(f"select * replace (age::bigint as age) from ({GOOD})", features=features(then))
    sql = f"select * replace (age::{type_now} as age) from ({at('2024-12-01')})"
    row = only_row(train(sql, history=first, features=features(now)))
    about_first = {m["metric"]: m["value"] for m in json.loads(row["metrics"]) if m["scored_by"] == "version:1"}
    assert row["version"] == 2
    assert about_first["scored_share"] == (1.0 if scored else 0.0)
    assert scored or list(about_first) == ["scored_share"]


def test_rows_that_never_get_a_label_are_counted_and_change_nothing_else():
    never = f"select * replace (null as bought, id + 1000 as id, 'never' as _ml_split) from ({GOOD}) where id < 7"
    with_them = only_row(train(f"{GOOD} union all {never}", never="cancelled"))
    without = only_row(train(never="cancelled"))
    assert json.loads(with_them["diagnostics"])["rows_without_outcome"] == 21
    assert json.loads(without["diagnostics"])["rows_without_outcome"] == 0
    assert "rows_without_outcome" not in json.loads(only_row(train())["diagnostics"])
    for column in (
        "coefficients",
        "metrics",
        "training_set_fingerprint",
        "train_rows",
        "holdout_rows",
        "reference",
    ):
        assert with_them[column] == without[column], column


def test_rejected_rows_are_not_trained_on_and_not_scored():
    rejected = f"select * replace (nullif(age, 20) as age) from ({GOOD})"
    row = only_row(train(rejected))
    without = only_row(train(f"select * from ({GOOD}) where age <> 20 or _ml_split = 'holdout'"))
    assert row["train_rows"] == 85
    assert row["coefficients"] == without["coefficients"]
    shares = {
        m["scored_by"]: m["value"]
        for m in json.loads(row["metrics"])
        if m["metric"] == "scored_share" and m["dataset"] == "holdout"
    }
    assert shares == {"self": 43 / 50, "baseline:constant": 1.0}


def test_weights_reach_the_fit():
    doubled = f"select * replace (1.0 + (id % 2) as _ml_weight) from ({GOOD})"
    copies = f"select * from ({GOOD}) union all select * from ({GOOD}) where id % 2 = 1 and _ml_split = 'train'"
    weighted = json.loads(only_row(train(doubled))["coefficients"])
    with pytest.raises(TrainingSetError, match="an entity must occur once"):
        train(copies)
    copied = json.loads(
        only_row(train(f"select * replace (row_number() over () as id) from ({copies})"))["coefficients"]
    )
    for one, other in zip(weighted, copied, strict=True):
        for number in ("slope", "value", "reference"):
            assert (one[number] or 0) == pytest.approx(other[number] or 0, abs=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        "select * replace (case when id = 3 then 1 - bought else bought end as bought) from ({good})",
        "select * replace (case when id = 3 then age + 1 else age end as age) from ({good})",
        "select * replace (case when id = 3 then 2.0 else _ml_weight end as _ml_weight) from ({good})",
        "select * replace (case when id = 3 and _ml_split = 'holdout' then 9.0 else gap end as gap) from ({good})",
        "select * replace (case when id = 3 then 300 else id end as id) from ({good})",
    ],
)
def test_the_fingerprint_covers_everything_that_was_used(change):
    before = only_row(train())["training_set_fingerprint"]
    assert only_row(train())["training_set_fingerprint"] == before
    assert only_row(train(change.format(good=GOOD)))["training_set_fingerprint"] != before
    embargoed = (
        f"select * from ({GOOD}) union all select * replace ('embargo' as _ml_split, id + 900 as id) from ({GOOD})"
    )
    assert only_row(train(embargoed))["training_set_fingerprint"] == before


@pytest.mark.parametrize("fault", ["another score", "another row"])
def test_a_version_whose_sql_is_not_its_estimator_is_refused(monkeypatch, fault):
    original = ml_ledger.fitting.fitting.compile_scoring

    def wrong(coefficients, **options):
        scoring = original(coefficients, **options)
        change = {"another score": "_ml_link1 + 1e-8", "another row": "case when id <> 7 then _ml_link1 end"}[
            fault
        ]
        (position,) = [number for number, layer in enumerate(scoring.layers) if "_ml_link1" in layer]
        layers = list(scoring.layers)
        layers[position] = {"_ml_link1": change.replace("_ml_link1", layers[position]["_ml_link1"])}
        return replace(scoring, layers=layers, features=[*scoring.features, "id"])

    monkeypatch.setattr(ml_ledger.fitting.fitting, "compile_scoring", wrong)
    with pytest.raises(VersionError, match="does not reproduce its estimator"):
        train()


def test_the_seed_reaches_the_family(monkeypatch):
    seen = []
    family = FAMILIES["constant"]

    def fit(**arguments):
        seen.append(arguments["seed"])
        return family.fit(**arguments)

    monkeypatch.setitem(FAMILIES, "constant", replace(family, fit=fit))
    train(training={"seed": 1234})
    assert seen == [1234]


def test_a_baseline_sees_only_its_features():
    baseline = {"one": {"family": "logistic", "features": ["age"]}}
    row = only_row(train(baselines=baseline))
    alone = only_row(train(features={"age": {"kind": "numeric"}}))
    own = {m["metric"]: m["value"] for m in json.loads(alone["metrics"]) if m["scored_by"] == "self"}
    of_baseline = {m["metric"]: m["value"] for m in json.loads(row["metrics"]) if m["scored_by"] == "baseline:one"}
    assert of_baseline["log_loss"] == pytest.approx(own["log_loss"], abs=1e-12)
    assert not np.isnan(own["log_loss"])


def test_the_task_of_an_ml_model_with_versions_cannot_change():
    with pytest.raises(SpecError, match="task: cannot change while there are versions of another task"):
        train(history=train(), task="regression", decision=None, algorithm={"family": "linear"})
