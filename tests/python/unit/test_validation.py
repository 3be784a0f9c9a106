"""Training sets with planted faults, in DuckDB."""

import hashlib

import duckdb
import pyarrow as pa
import pytest
import yaml
from conftest import ROOT

from ml_ledger.declaration import TRAINING_SET_COLUMNS, parse_spec
from ml_ledger.errors import TrainingSetError, WarehouseError
from ml_ledger.training_set.validation import validate_columns, validate_rows
from ml_ledger.warehouse import Relation

DECLARATION = {
    "task": "binary",
    "entity": "id",
    "as_of": "day",
    "label": "bought",
    "features": {"age": {"kind": "numeric"}, "gap": {"kind": "numeric", "missing": "impute"}},
    "algorithm": {"family": "logistic"},
    "baselines": {"constant": {"family": "constant"}},
    "decision": {"threshold": 0.5, "positive": "yes", "negative": "no", "fallback": "no"},
}
GOOD = """
    select
        range % 50 as id,
        date '2024-01-01' + to_months((range // 50)::int) as day,
        (range * 7 % 3 = 0)::int as bought,
        20 + range % 7 as age,
        case when range % 5 > 0 then range / 3.0 end as gap,
        timestamp '2024-06-01' as _ml_matured_at,
        case when range < 100 then 'train' else 'holdout' end as _ml_split,
        1.0 as _ml_weight,
        timestamp '2024-06-01' as _ml_known_at,
        'x' as _ml_invocation_id, 'ana' as _ml_run_by
    from range(150)
"""


def validate(declaration: dict, sql: str) -> None:
    spec = parse_spec("m", declaration)
    training_set = Relation(duckdb.sql(sql), name="training_set")
    validate_columns("m", spec, training_set)
    validate_rows("m", spec, training_set)


def problems_of(sql: str, **changes) -> str:
    with pytest.raises(TrainingSetError) as caught:
        validate(DECLARATION | changes, sql)
    return str(caught.value)


def test_a_good_training_set_passes():
    validate(DECLARATION, GOOD)


@pytest.mark.parametrize("kind", ["boolean", "double", "decimal(3, 1)", "tinyint"])
def test_labels_may_be_numbers_or_booleans(kind):
    validate(DECLARATION, f"select * replace (bought::{kind} as bought) from ({GOOD})")


def test_a_null_that_is_rejected_is_no_fault():
    validate(DECLARATION, f"select * replace (nullif(age, 20) as age) from ({GOOD})")


FAULTS = {
    "unknown feature": (
        "select * exclude (age), age as agee from ({good})",
        "features.age: is not a column of the training set; got 'age'. Allowed: gap, agee. Fix: did you mean",
    ),
    "text in a numeric feature": (
        "select * replace (case when age = 20 then 'n/a' else age::varchar end as age) from ({good})",
        "features.age: a feature of kind numeric must be numeric; got VARCHAR ('n/a' in 22 rows).",
    ),
    "text that looks like numbers": (
        "select * replace (age::varchar as age) from ({good})",
        "features.age: a feature of kind numeric must be numeric; got VARCHAR.",
    ),
    "one class": (
        "select * replace (0 as bought) from ({good})",
        "label bought: has one class in the train split; got '0' on all 100 rows. Allowed: both classes.",
    ),
    "one class in the holdout": (
        "select * replace (case when _ml_split = 'holdout' then 1 else bought end as bought) from ({good})",
        "label bought: has one class in the holdout split; got '1' on all 50 rows.",
    ),
    "another label": (
        "select * replace (bought * 2 as bought) from ({good})",
        "label bought: must be 0 or 1 on every row of the train split; got 0 NULL, 34 other values such as '2'.",
    ),
    "labels 1 and 2": (
        "select * replace (bought + 1 as bought) from ({good})",
        "such as '2'. Allowed: 0 and 1, or false and true. Fix: say in the label model which of 1, 2 is the positive"
        " one, such as cast(bought = 2 as integer).",
    ),
    "labels of three values": (
        "select * replace (bought + id % 2 as bought) from ({good})",
        "Fix: declare task: multiclass with classes: ['0', '1', '2'], or say in the label model which are positive.",
    ),
    "labels of twenty values": (
        "select * replace (id % 20 as bought) from ({good})",
        "'19'], or say in the label model which are positive.",
    ),
    "labels of twenty-one values": (
        "select * replace (id % 21 as bought) from ({good})",
        "Fix: declare task: regression, or say in the label model what is positive.",
    ),
    "labels that are amounts": (
        "select * replace (age + id / 100.0 as bought) from ({good})",
        "Fix: declare task: regression, or say in the label model what is positive.",
    ),
    "labels as text": (
        "select * replace (if(bought = 1, 'yes', 'no') as bought) from ({good})",
        "Fix: say in the label model which of no, yes is the positive one, such as cast(bought = 'yes' as integer).",
    ),
    **{
        f"a zone in {name}": (
            f"select * replace (timestamptz '2024-01-01 12:00:00+02' as {name}) from ({{good}})",
            f"{key}: must have no time zone, since what is read of it would depend on the zone of the session; got"
            f" '{name}', which is TIMESTAMP WITH TIME ZONE. Allowed: a date or a timestamp without a time zone. Fix:"
            f" take its time in a zone that you name, in the model that is read: {name} at time zone 'UTC'.",
        )
        for key, name in {"entity": "id", "as_of": "day"}.items()
    },
    "missing labels": (
        "select * replace (case when id <> 3 then bought end as bought) from ({good})",
        "label bought: must be 0 or 1 on every row of the train split; got 2 NULL, 0 other values.",
    ),
    "no rows": ("select * from ({good}) where false", "training set: has no row in its train split; got 0 rows"),
    "no training rows": (
        "select * replace ('embargo' as _ml_split) from ({good}) where _ml_split = 'train' union all"
        " select * from ({good}) where _ml_split = 'holdout'",
        "training set: has no row in its train split; got 150 rows in all",
    ),
    "duplicates": (
        "select * from ({good}) union all select * from ({good}) where id = 7",
        "id × day: an entity must occur once per as-of date; got 3 duplicated, for example id 7 at 2024-01-01",
    ),
    "missing entity": (
        "select * replace (nullif(id, 7) as id) from ({good})",
        "id: the entity column must not be NULL; got 3 NULL.",
    ),
    "text labels": (
        "select * replace ((bought = 1)::varchar as bought) from ({good})",
        "label bought: must be a number or a boolean; got VARCHAR. Allowed: 0 and 1, or false and true.",
    ),
    "a list for a number": (
        "select * replace ([age::double] as age) from ({good})",
        "features.age: a feature of kind numeric must be numeric; got DOUBLE[]",
    ),
    "nothing left but rejected rows": (
        "select * replace (case when _ml_split = 'holdout' then age end as age) from ({good})",
        "training set: has no usable row in its train split; got 150 rows in all",
    ),
    "nothing but NULL": (
        "select * replace (null::double as gap) from ({good})",
        "features.gap: is NULL on every training row.",
    ),
    "infinite": (
        "select * replace (case when id = 3 then 'inf'::double else gap end as gap) from ({good})",
        "features.gap: must be finite; got 3 NaN or infinite values.",
    ),
    "not made by the macro": (
        "select * exclude (_ml_split) from ({good})",
        "split: column is not in the training set. Fix: build the training set with the macro",
    ),
}


def test_no_zone_enters_a_level_a_weight_or_a_group():
    """A level '2024-01-01 12:00:00+02' of one session is another one in the next."""
    zoned = f"select *, timestamptz '2024-01-01 12:00:00+02' as seen, age as level, 1.0 as w from ({GOOD})"
    features = {"seen": {"kind": "categorical"}, "level": {"kind": "categorical"}}
    said = problems_of(
        f"select * replace (seen as w) from ({zoned})", features=features, training={"sample_weight": "w"}
    )
    assert "features.seen: must have no time zone" in said
    assert "training.sample_weight: must have no time zone" in said
    fair = {"attributes": {"seen": {"reference": "x"}}}
    assert "fairness.attributes.seen: must have no time zone" in problems_of(zoned, fairness=fair)
    plain = f"select * replace (seen at time zone 'UTC' as seen) from ({zoned})"
    validate(DECLARATION | {"features": features}, plain)


@pytest.mark.parametrize("number", ["double", "decimal(4, 2)"])
def test_a_class_has_one_text(number: str):
    """1, 1.0 and 1.00 are one number and three texts."""
    classes = {"task": "multiclass", "classes": ["0", "1", "2"], "decision": None}
    declared = {key: value for key, value in (DECLARATION | classes).items() if value is not None}
    three = "select * replace ((id % 3)::{} as bought) from ({})"
    validate(declared, three.format("bigint", GOOD))
    with pytest.raises(TrainingSetError, match="label bought: must have one text per class; got D"):
        validate(declared, three.format(number, GOOD))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_what_was_found(fault):
    sql, expected = FAULTS[fault]
    assert expected in problems_of(sql.format(good=GOOD))


def test_all_faults_are_reported_at_once():
    message = problems_of(
        f"select * exclude (gap) replace (age::varchar as age) from ({GOOD})", label="purchased", entity="customer"
    )
    assert "4 problems. Nothing was written." in message
    for part in (
        "'customer' is not in",
        "'purchased' is not in",
        "features.gap: is not",
        "features.age: a feature",
    ):
        assert part in message


def test_only_duckdb_relations_are_accepted():
    with pytest.raises(WarehouseError, match=r"training needs a DuckDB relation; got builtins\.list"):
        Relation([1, 2], name="training_set")


def test_the_shipped_macro_makes_the_columns_that_are_asked_for():
    text = (ROOT / "macros" / "training" / "training_set.sql").read_text(encoding="utf-8")
    for column in TRAINING_SET_COLUMNS:
        assert column in text


def test_the_fingerprint_sees_every_change_and_no_order():
    def fingerprint(sql: str) -> str:
        return Relation(duckdb.sql(sql), name="t").fingerprint(["id", "day", "gap"], where="true")

    before = fingerprint(GOOD)
    assert before.startswith("md5sum60:150:")
    assert fingerprint(f"select * from ({GOOD}) order by random()") == before
    for change in (
        f"select * replace (case when id = 3 and _ml_split = 'holdout' then 0 else gap end as gap) from ({GOOD})",
        f"select * from ({GOOD}) where id <> 3 or day <> date '2024-02-01'",
        f"select * replace (coalesce(gap, 0) as gap) from ({GOOD})",
    ):
        assert fingerprint(change) != before


def test_the_fingerprint_is_that_of_the_documented_text():
    """Values that are alike when written one behind the other are told apart by their lengths, NULL by none."""
    rows = [("ab", "c"), ("a", "bc"), ("", "abc"), (None, "abc"), ("-", "abc"), ("é:1", "2:x")]

    def of(some: list[tuple[str | None, str]]) -> str:
        table = duckdb.connect().from_arrow(pa.Table.from_pylist([{"a": a, "b": b} for a, b in some]))
        return Relation(table, name="t").fingerprint(["a", "b"], where="true")

    def by_hand(some: list[tuple[str | None, str]]) -> str:
        texts = ["".join("-" if x is None else f"{len(x)}:{x}" for x in row) for row in some]
        numbers = [int(hashlib.md5(text.encode()).hexdigest()[:15], 16) for text in texts]
        return f"md5sum60:{len(some)}:{sum(numbers)}"

    assert of(rows) == by_hand(rows)
    assert len({of([row]) for row in rows}) == len(rows)


def test_the_shipped_declaration_names_shipped_columns():
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    declared = settings["vars"]["ml_models"]["repurchase"]["features"]
    models = yaml.safe_load(
        (ROOT / "models/repurchase/features/_features__models.yml").read_text(encoding="utf-8")
    )
    columns = [column["name"] for column in models["models"][0]["columns"]]
    assert set(declared) <= set(columns)
