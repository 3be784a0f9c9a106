"""What keeps a version from being trained: recorded beside the versions, and nothing is raised."""

from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pytest
from test_training import at
from test_validation import DECLARATION, GOOD

import ml_ledger.training.run
from ml_ledger import measure_drift, train_if_due
from ml_ledger.errors import TrainingSetError, VersionError
from ml_ledger.monitoring.drift.schema import DRIFT_SCHEMA

NOTHING = f"select * from ({GOOD}) where false"
ONE_CLASS = f"select * replace (0 as bought) from ({GOOD})"
INVALID = {"treshold": 0.3}


class Warehouse:
    """A warehouse, and the versions node of one ML model in it."""

    def __init__(self):
        self.connection = duckdb.connect()
        self.history = None

    def build(self, sql: str = GOOD, *, spec: object = None, **changes) -> int:
        """How many versions a build made."""
        made = train_if_due(
            ml_model="m",
            spec=DECLARATION | changes if spec is None else spec,
            training_set=self.connection.sql(sql),
            history=None if self.history is None else self.connection.from_arrow(self.history),
            session=self.connection,
            this=SimpleNamespace(database="memory", schema="main", identifier="m_versions"),
        )
        if made.num_rows:
            self.history = made if self.history is None else pa.concat_tables([self.history, made])
        return made.num_rows

    def attempts(self, columns: str = "kind") -> list[tuple]:
        tables = [name for (name,) in self.connection.execute("select table_name from duckdb_tables()").fetchall()]
        if "m_versions_attempts" not in tables:
            return []
        return self.connection.execute(
            f"select {columns} from m_versions_attempts order by recorded_at"
        ).fetchall()


def raising(error: Exception):
    def fit_version(*_):
        raise error

    return fit_version


def test_a_version_that_is_trained_leaves_no_attempt():
    warehouse = Warehouse()
    assert (warehouse.build(), warehouse.build()) == (1, 0)
    assert warehouse.attempts() == []


@pytest.mark.parametrize("live", [False, True], ids=["first version", "a version is there"])
@pytest.mark.parametrize(
    ("kind", "sql", "changes", "said"),
    [
        ("invalid_declaration", GOOD, INVALID, "ml_models.m.treshold: unknown key; got 0.3"),
        ("training_set_refused", ONE_CLASS, {}, "label bought: has one class in the train split"),
        ("training_set_refused", f"select * exclude (age) from ({GOOD})", {}, "features.age: is not a column"),
    ],
)
def test_what_keeps_a_version_from_being_trained_is_a_row(kind, sql, changes, said, live):
    warehouse = Warehouse()
    if live:
        warehouse.build()
    later = sql.replace(GOOD, at("2024-12-01")) if sql != GOOD else at("2024-12-01")
    assert warehouse.build(later, **changes) == 0
    ((found, message, clock, invocation),) = warehouse.attempts(
        "kind, message, cast(attempted_at as varchar), invocation_id"
    )
    assert (found, clock, invocation) == (kind, "2024-12-01 00:00:00", "x")
    assert said in message


AMOUNTS = {"task": "regression", "algorithm": {"family": "linear"}, "label": "amount"} | {
    "decision": {"threshold": 30.0, "positive": "yes", "negative": "no", "fallback": "no"}
}
CLASSES = {"task": "multiclass", "label": "class", "classes": ["a", "b", "c"]} | {
    "decision": {"actions": {"a": "yes", "b": "no", "c": "no"}, "fallback": "no"}
}


@pytest.mark.parametrize(
    ("declared", "newest", "said"),
    [
        ({}, "0 as bought", "label bought: has one class in the holdout split; got '0' on all 50 rows."),
        (AMOUNTS, "5.0 as amount", "label amount: has one value in the holdout split; got '5.0' on all 50 rows."),
        (CLASSES, "if(id = 3, 'd', class) as class", "got 0 NULL, 1 other values such as 'd'. Allowed: a, b, c."),
        (
            CLASSES,
            "nullif(class, 'c') as class",
            "must be one of a, b, c on every row of the holdout split; got 1",
        ),
        (CLASSES, "if(class = 'c', 'a', class) as class", None),
    ],
    ids=["no positive", "a constant amount", "a new class", "a class without a label", "a class is missing"],
)
def test_a_newest_month_that_cannot_be_learned_from_leaves_the_champion(declared, newest, said):
    """What is gone from the newest month alone, which is held out, is no obstacle for a version of several classes."""
    every = f"select *, age + id % 3 + 0.5 as amount, ['a', 'b', 'c'][1 + id * 7 % 3] as class from ({GOOD})"
    warehouse = Warehouse()
    assert warehouse.build(every, **declared) == 1
    later = f"select * replace (timestamp '2024-12-01' as _ml_known_at) from ({every})"
    month = f"select * replace ({newest}) from ({later}) where _ml_split = 'holdout'"
    again = f"{month} union all select * from ({later}) where _ml_split = 'train'"
    assert warehouse.build(again, **declared) == (1 if said is None else 0)
    attempts = warehouse.attempts("kind, message")
    assert [kind for kind, _ in attempts] == ([] if said is None else ["training_set_refused"])
    assert said is None or said in attempts[0][1]


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (VersionError("it differs"), "version_refused", "it differs"),
        (TrainingSetError("they separate"), "training_set_refused", "they separate"),
        (ZeroDivisionError("division by zero"), "fit_failed", "ZeroDivisionError: division by zero"),
        (MemoryError("too large"), "fit_failed", "MemoryError: too large"),
    ],
)
def test_what_an_estimator_raises_is_a_row_with_the_fingerprint_of_its_rows(monkeypatch, error, kind, message):
    warehouse = Warehouse()
    monkeypatch.setattr(ml_ledger.training.run, "fit_version", raising(error))
    assert warehouse.build() == 0
    ((found, said, spec_hash, fingerprint),) = warehouse.attempts(
        "kind, message, spec_hash, training_set_fingerprint"
    )
    assert (found, said) == (kind, message)
    monkeypatch.undo()
    warehouse.build()
    (version,) = warehouse.history.to_pylist()
    assert (spec_hash, fingerprint) == (version["spec_hash"], version["training_set_fingerprint"])


def test_who_stops_the_build_stops_it(monkeypatch):
    monkeypatch.setattr(ml_ledger.training.run, "fit_version", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        Warehouse().build()


def test_an_error_of_the_engine_inside_a_transaction_is_recorded_too(monkeypatch):
    warehouse = Warehouse()

    def broken(*_):
        warehouse.connection.execute("create table half as select 1 as a")
        warehouse.connection.execute("select error('out of disk') from range(3)").fetchall()

    monkeypatch.setattr(ml_ledger.training.run, "fit_version", broken)
    warehouse.connection.begin()
    assert warehouse.build() == 0
    warehouse.connection.rollback()
    ((kind, message),) = warehouse.attempts("kind, message")
    assert kind == "fit_failed"
    assert "out of disk" in message


def test_the_same_outcome_at_the_same_clock_is_one_row_and_another_is_another():
    warehouse = Warehouse()
    for _ in range(2):
        warehouse.build(ONE_CLASS)
    assert len(warehouse.attempts()) == 1
    warehouse.build(ONE_CLASS, **INVALID)
    warehouse.build(ONE_CLASS)
    assert warehouse.attempts() == [
        ("training_set_refused",),
        ("invalid_declaration",),
        ("training_set_refused",),
    ]
    warehouse.build(ONE_CLASS.replace(GOOD, at("2024-06-02")))
    assert len(warehouse.attempts()) == 4


def test_a_failure_is_settled_once_no_version_is_due_any_more():
    warehouse = Warehouse()
    warehouse.build()
    warehouse.build(at("2024-06-02"), **INVALID)
    warehouse.build(NOTHING)  # of a build with --empty nobody knows what is due
    assert warehouse.attempts() == [("invalid_declaration",)]
    for _ in range(2):
        warehouse.build(at("2024-06-02"))
    assert warehouse.attempts() == [("invalid_declaration",), ("settled",)]


def test_a_version_settles_a_failure_by_itself():
    warehouse = Warehouse()
    warehouse.build(ONE_CLASS)
    assert (warehouse.build(), warehouse.build()) == (1, 0)
    assert warehouse.attempts() == [("training_set_refused",)]


def test_nothing_to_train_on_is_no_failure_unless_the_declaration_is_wrong():
    warehouse = Warehouse()
    warehouse.build(NOTHING)
    assert warehouse.attempts() == []
    for _ in range(2):
        warehouse.build(NOTHING, **INVALID)
    assert warehouse.attempts("kind, attempted_at") == [("invalid_declaration", None)]


def test_what_the_macro_found_out_is_what_is_said():
    warehouse = Warehouse()
    unjoined = f"select * exclude (id), null as \"_ml_problem: labels: it has no column 'id'\" from ({NOTHING})"
    assert warehouse.build(unjoined) == 0
    ((kind, message),) = warehouse.attempts("kind, message")
    assert kind == "training_set_refused"
    assert "labels: it has no column 'id'" in message


@pytest.mark.parametrize("spec", ["text", [1], 7])
def test_a_declaration_that_is_no_mapping_is_a_row(spec):
    warehouse = Warehouse()
    assert warehouse.build(spec=spec) == 0
    assert warehouse.attempts() == [("invalid_declaration",)]


def test_a_declaration_that_cannot_be_watched_measures_nothing_and_stops_nothing():
    assert measure_drift(ml_model="m", spec=DECLARATION | INVALID, predictions=None, versions=None).equals(
        DRIFT_SCHEMA.empty_table()
    )


def test_what_dbt_writes_into_the_code_of_a_node_is_known_there():
    """`repr` of a declaration, in a module that imports from ml_ledger first."""
    code = "from ml_ledger import train_if_due\nspec = {'a': nan, 'b': -inf, 'c': datetime.date(2024, 1, 31)}"
    names: dict = {}
    exec(code, names)
    assert str(names["spec"]["c"]) == "2024-01-31"
