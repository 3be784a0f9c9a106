"""What is held out: by time, by a hash, by a column; and what a declaration of it may say."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import duckdb
import numpy as np
import package_project
import pyarrow as pa
import pytest
from customers import DECLARATION, customers, declared, trained

from ml_ledger.declaration import MLModelSpec
from ml_ledger.errors import SpecError, TrainingSetError

DECLARED: dict[str, dict[str, Any]] = {
    "undeclared": {},
    "last": {"holdout_as_of_dates": 1},
    "last_two": {"holdout": {"as_of_dates": 2}},
    "old_last_two": {"holdout_as_of_dates": 2},
    "days_61": {"holdout": {"days": 61}},
    "days_62": {"holdout": {"days": 62}},
    "from_day": {"holdout": {"from": "2024-05-01"}},
    "from_day_relaxed": {"holdout": {"from": "2024-02-01"}, "embargo": "relaxed"},
    "from_later": {"holdout": {"from": "2024-05-02"}},
    "entities": {"holdout": {"share": 0.25}},
    "groups": {"holdout": {"share": 0.5, "of": "branch"}},
    "own": {"holdout": {"column": "my split"}},
    "invalid": {"holdout": {"share": 0.25, "days": 3}},
}
TABLES = {
    "features": 'id integer, month date, a double, branch varchar, "my split" varchar',
    "labels": "id integer, month date, bought integer, matured_at timestamp",
}


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")


@pytest.fixture(scope="module")
def sql(tmp_path_factory) -> dict[str, str]:
    """The training set of each declaration, compiled."""
    call = "{{{{ ml_ledger.training_set('{0}', source('main', 'features'), source('main', 'labels')) }}}}"
    return package_project.compiled(
        tmp_path_factory.mktemp("holdouts"),
        {name: call.format(name) for name in DECLARED},
        create_tables=create_tables,
        tables=list(TABLES),
        project={
            "vars": {
                "ml_models": {name: DECLARATION | {"evaluation": keys} for name, keys in DECLARED.items()},
                "ml_clock": "2024-12-01",
                "ml_actor": "ana",
            }
        },
    )


def connection(months: int) -> duckdb.DuckDBPyConnection:
    """200 entities at the first of so many months, whose labels mature a month later."""
    connected = duckdb.connect()
    create_tables(connected)
    connected.execute(
        f"insert into features select id, date '2024-01-01' + to_months(m), id / 7.0, 'branch ' || id % 20,"
        f" case when id % 3 = 0 then 'holdout' when id % 3 = 1 then 'train' else 'embargo' end"
        f" from range(1, 201) as ids(id), range({months}) as ms(m)"
    )
    connected.execute("insert into labels select id, month, id % 2, month + interval 1 month from features")
    return connected


def splits(sql: str, months: int = 5) -> dict[str, set[str]]:
    """The as-of dates of each split."""
    rows = (
        connection(months)
        .execute(f"select _ml_split, cast(month as varchar) from ({sql}) group by all")
        .fetchall()
    )
    return {split: {at[5:7] for other, at in rows if other == split} for split, _ in rows}


@pytest.mark.parametrize(
    ("name", "train", "embargo", "holdout"),
    [
        ("undeclared", "01 02 03 04", "", "05"),
        ("last", "01 02 03 04", "", "05"),
        ("last_two", "01 02 03", "", "04 05"),
        ("old_last_two", "01 02 03", "", "04 05"),
        ("days_61", "01 02 03", "", "04 05"),  # from 2024-03-01, exclusive, to 2024-05-01
        ("days_62", "01 02", "", "03 04 05"),
        ("from_day", "01 02 03 04", "", "05"),
        ("from_day_relaxed", "01", "", "02 03 04 05"),
        ("from_later", "", "01 02 03 04 05", ""),
    ],
)
def test_holdouts_by_time(sql, name, train, embargo, holdout):
    found = splits(sql[name])
    wanted = {"train": train, "embargo": embargo, "holdout": holdout}
    assert found == {split: set(months.split()) for split, months in wanted.items() if months}


def bucket(text: str) -> int:
    return int(hashlib.md5(f"holdout|{text}".encode()).hexdigest()[:8], 16) % 10_000


@pytest.mark.parametrize(
    ("name", "months", "key", "share"),
    [
        ("entities", 5, "id", 0.25),
        ("groups", 5, "branch", 0.5),
        ("undeclared", 1, "id", 0.25),  # one as-of date: nothing comes after it
    ],
)
def test_a_share_is_held_out_by_the_md5_of_its_text(sql, name, months, key, share):
    rows = (
        connection(months).execute(f"select {key}, _ml_split, count(*) from ({sql[name]}) group by all").fetchall()
    )
    assert sum(n for *_, n in rows) == 200 * months
    expected = {value: "holdout" if bucket(str(value)) < share * 10_000 else "train" for value, *_ in rows}
    assert {value: split for value, split, _ in rows} == expected
    assert len(rows) == len(expected), "no value is on both sides"
    assert set(expected.values()) == {"holdout", "train"}


def test_one_as_of_date_is_held_out_where_somebody_said_so(sql):
    assert splits(sql["last"], months=1) == {"holdout": {"01"}}


def test_rows_without_a_group_are_held_out_together(sql):
    connected = connection(2)
    connected.execute("update features set branch = null where id <= 60")
    rows = connected.execute(f"select distinct _ml_split from ({sql['groups']}) where branch is null").fetchall()
    assert rows == [("holdout" if bucket("") < 5_000 else "train",)]


def test_a_column_says_what_is_held_out(sql):
    rows = (
        connection(2).execute(f'select distinct "my split", _ml_split from ({sql["own"]}) order by 1').fetchall()
    )
    assert rows == [(split, split) for split in ("embargo", "holdout", "train")]


def test_what_is_not_valid_joins_nothing(sql):
    assert connection(2).execute(sql["invalid"]).fetchall() == []


@pytest.mark.parametrize(
    ("evaluation", "message"),
    [
        ({"holdout": {}}, "evaluation.holdout: must say in one way what is held out; got none of them"),
        (
            {"holdout": {"share": 0.2, "days": 9}},
            "evaluation.holdout: must say in one way what is held out; got days, share",
        ),
        ({"holdout": {"share": 0}}, "evaluation.holdout.share: is out of range; got 0. Allowed: a number > 0"),
        ({"holdout": {"share": 1}}, "evaluation.holdout.share: is out of range; got 1. Allowed: a number < 1"),
        ({"holdout": {"days": 0}}, "evaluation.holdout.days: is out of range; got 0. Allowed: a number >= 1"),
        ({"holdout": {"as_of_dates": 0}}, "evaluation.holdout.as_of_dates: is out of range; got 0"),
        ({"holdout": {"from": "2024-13-01"}}, "evaluation.holdout.from: must be a date; got '2024-13-01'"),
        ({"holdout": {"from": date(2024, 5, 1)}}, "evaluation.holdout.from: must be text"),
        (
            {"holdout": {"form": "2024-05-01"}},
            "evaluation.holdout.form: unknown key; got '2024-05-01'. Allowed: as_of_dates, days, from, share, of,"
            " column. Fix: did you mean 'from'",
        ),
        ({"holdout": {"days": 9, "of": "entity"}}, "evaluation.holdout.of: has no meaning without share"),
        (
            {"holdout": {"days": 9}, "holdout_as_of_dates": 1},
            "evaluation.holdout_as_of_dates: cannot be combined with holdout",
        ),
        (
            {"holdout": {"share": 0.2}, "embargo": "strict"},
            "evaluation.embargo: has no meaning where the holdout is by share",
        ),
        (
            {"holdout": {"column": "my_split"}, "embargo": "relaxed"},
            "evaluation.embargo: has no meaning where the holdout is by column",
        ),
        (
            {"holdout": {"column": "a"}},
            "evaluation.holdout.column: is a feature: a column that says what is held out",
        ),
        ({"holdout": {"column": "id"}}, "evaluation.holdout.column: is entity: a column that says"),
        ({"holdout": {"share": 0.2, "of": "month"}}, "evaluation.holdout.of: cannot be the as-of column"),
        ({"holdout": {"share": 0.2, "of": "bought"}}, "evaluation.holdout.of: cannot be the label"),
        ({"holdout": {"column": "_ml_split"}}, "evaluation.holdout.column: is a name that ml_ledger keeps"),
    ],
)
def test_holdouts_that_cannot_be_declared(evaluation, message):
    with pytest.raises(SpecError) as caught:
        declared(evaluation=evaluation)
    assert message in str(caught.value)


def test_the_old_spelling_makes_no_version_due():
    assert len({declared(evaluation=e).fingerprint() for e in ({}, {"holdout_as_of_dates": 1})}) == 1
    old, new = ({"holdout_as_of_dates": 2}, {"holdout": {"as_of_dates": 2}})
    assert declared(evaluation=old).fingerprint() == declared(evaluation=new).fingerprint()
    others = [
        {},
        new,
        {"holdout": {"days": 2}},
        {"holdout": {"share": 0.2}},
        {"holdout": {"share": 0.2, "of": "b"}},
    ]
    assert len({declared(evaluation=e).fingerprint() for e in others}) == len(others)


def test_fingerprints_are_those_of_versions_before_there_were_other_holdouts():
    assert declared().fingerprint() == "5f1c5f89e059725cc614b102996fd2444073afc3c8ce7764a32fa14c0f6bdb8c"


def test_a_version_carries_its_holdout():
    spec = declared(evaluation={"holdout": {"from": "2024-05-01"}})
    assert MLModelSpec.from_canonical_json(spec.canonical_json()) == spec
    assert '"from": "2024-05-01"' in spec.canonical_json()


def one_month(split: list[str] | None = None) -> pa.Table:
    """The first month's customers; a quarter of them is held out, or as said."""
    table = customers(months=3).slice(0, 250)
    said = np.array(split or ["holdout" if bucket(str(i)) < 2_500 else "train" for i in range(250)])
    return table.set_column(table.schema.get_field_index("_ml_split"), "_ml_split", pa.array(said))


def test_one_as_of_date_trains_and_says_how():
    row = trained(one_month())
    assert row["holdout_rows"] == sum(bucket(str(i)) < 2_500 for i in range(250))
    assert row["chosen_because"].startswith(
        "held out: 25% of the entities by a hash, since there is one as-of date"
    )
    assert row["labels_overlap_holdout"] is False  # those of other entities in the same month are no leak
    declared_so = trained(one_month(), evaluation={"holdout": {"share": 0.25}})
    assert declared_so["chosen_because"] is None
    assert trained()["chosen_because"] is None


def test_labels_of_an_entity_that_reach_into_its_own_held_out_rows_are_told():
    table = customers(months=4)
    split = np.where(np.array(table["id"]) % 4 == 0, "holdout", "train")
    by_entity = table.set_column(table.schema.get_field_index("_ml_split"), "_ml_split", pa.array(split))
    asked = {"evaluation": {"holdout": {"column": "said"}}}
    assert trained(by_entity, **asked)["labels_overlap_holdout"] is False
    split[(np.array(table["id"]) == 8) & (np.array(table["month"]) == np.datetime64("2024-01-01"))] = "train"
    one_in_both = table.set_column(table.schema.get_field_index("_ml_split"), "_ml_split", pa.array(split))
    assert trained(one_in_both, **asked)["labels_overlap_holdout"] is True


@pytest.mark.parametrize(
    ("split", "evaluation", "message"),
    [
        (
            ["Train"] * 100 + ["holdout"] * 50 + ["train"] * 100,
            {"holdout": {"column": "said"}},
            "evaluation.holdout.column: column 'said' must say of every row how it is used; got Train on 100 rows."
            " Allowed: train, holdout, embargo",
        ),
        (
            ["train"] * 250,
            {"holdout": {"column": "said"}},
            "Fix: write 'holdout' in column 'said' of the features, for some of the rows",
        ),
        (
            ["train"] * 250,
            {"holdout": {"share": 0.1, "of": "branch"}},
            "Fix: there are too few values to hold a share",
        ),
        (["holdout"] * 250, {"holdout_as_of_dates": 1}, "or hold entities out: evaluation.holdout: {share: 0.25}"),
        (
            ["embargo"] * 250,
            {"holdout": {"from": "2030-01-01"}},
            "declare an earlier day in evaluation.holdout.from",
        ),
    ],
)
def test_splits_that_leave_nothing_say_what_to_do(split, evaluation, message):
    with pytest.raises(TrainingSetError) as caught:
        trained(one_month(split), evaluation=evaluation)
    assert message in str(caught.value)
