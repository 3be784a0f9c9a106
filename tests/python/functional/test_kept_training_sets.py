"""The rows that versions were trained on: kept once, as declared, and enough to train a version again."""

import json

import duckdb
from conftest import Project
from test_commands import ml_ledger

NODE = "repurchase_training_rows"
KEPT = "select version, split, count(*) from ml_training_rows group by all order by all"


def change(project: Project, sql: str) -> None:
    with duckdb.connect(str(project.warehouse)) as connection:
        ((count,),) = connection.execute(sql).fetchall()
        assert count == 1, sql


def test_rows_are_kept_once_per_version(built: Project):
    trained_on = built.query(
        "select 1, _ml_split, count(*) from repurchase_training_set where _ml_split <> 'embargo' group by all"
    )
    kept = built.query(KEPT)
    assert kept == sorted(trained_on)
    assert built.query("select sum(train_rows + holdout_rows) from ml_versions") == [
        (sum(row[2] for row in kept),)
    ]
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(f"delete from {NODE}")  # as if the build had been killed before
    built.dbt("run", "--select", "repurchase_training_set", NODE, clock="1997-12-31")
    assert built.query(KEPT) == kept
    built.dbt("run", "--select", "repurchase_training_set", NODE, clock="1997-12-31")
    assert built.query(KEPT) == kept

    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(f"delete from {NODE}")
        connection.execute(
            "update repurchase_training_set set recency_days = recency_days + 1 where customer_id = 4"
        )
    built.dbt("run", "--select", NODE, clock="1997-12-31")
    assert built.query(KEPT) == [], "these are not the rows that the version was trained on"
    built.dbt("run", "--select", "repurchase_training_set", NODE, clock="1998-01-31")
    assert built.query(KEPT) == [], "neither are those of a later clock"


def test_only_members_are_kept_where_that_is_declared(unbuilt: Project):
    unbuilt.declare(lambda d: d.update(keep_training_set="members"))
    unbuilt.dbt("seed")
    unbuilt.dbt("run", clock="1997-12-31")
    assert unbuilt.query(f"select column_name from (describe {NODE})") == [
        ("_ml_version",),
        ("_ml_entity_id",),
        ("_ml_as_of",),
        ("_ml_split",),
    ]
    assert unbuilt.query(
        "select count(*) = any_value(train_rows + holdout_rows) from ml_training_rows, ml_versions"
    )
    assert "of version 1 of repurchase only is kept who was in them (members). Fix: declare" in ml_ledger(
        unbuilt, "reproduce", "repurchase", "1", code=1
    )
    unbuilt.declare(lambda d: d.update(keep_training_set="none"))
    unbuilt.dbt("run", clock="1998-04-30")
    assert unbuilt.query("select max(version) from ml_versions") == [(2,)]
    assert unbuilt.query("select count(*) from ml_training_rows") == [(0,)]
    assert unbuilt.query(f"select distinct _ml_version from {NODE}") == [(1,)], "what was kept stays"


def test_a_version_is_trained_again_from_its_kept_rows(built: Project):
    text = ml_ledger(built, "reproduce", "repurchase", "1")
    assert "version 1 (logistic), trained at 1997-12-31" in text
    assert "kept rows     those of the version: md5sum60:" in text
    assert "Reproduced, with a tolerance of 1e-09." in text
    assert "there are no versions of 'repurchases'. Allowed: repurchase." in ml_ledger(
        built, "reproduce", "repurchases", "1", code=1
    )
    assert "there is no version 2 of repurchase. Allowed: 1." in ml_ledger(
        built, "reproduce", "repurchase", "2", code=1
    )


def test_a_reproduction_fails_where_the_version_is_another(built: Project):
    change(built, f"update {NODE} set amount_30d = amount_30d + 1 where rowid = 0")
    text = ml_ledger(built, "reproduce", "repurchase", "1", code=1)
    assert "kept rows     not those of the version" in text
    assert "Not reproduced" in text
    change(built, f"update {NODE} set amount_30d = amount_30d - 1 where rowid = 0")
    ml_ledger(built, "reproduce", "repurchase", "1")

    ((kept,),) = built.query("select coefficients from repurchase_versions")
    rows = json.loads(kept)
    rows[3]["slope"] += 1e-8
    dropped = rows.pop()
    libraries = 'json_merge_patch(library_versions, \'{"numpy": "0.1"}\')'
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(
            f"update repurchase_versions set coefficients = ?, library_versions = {libraries}", [json.dumps(rows)]
        )
    text = ml_ledger(built, "reproduce", "repurchase", "1", code=1)
    assert "kept rows     those of the version" in text
    assert "libraries     numpy 0.1 then" in text
    assert f"(slope of output score, term 3, feature {rows[3]['feature']}, applies_to value)" in text
    assert f"1 extra: output score, term {dropped['term']}, feature {dropped['feature']}" in text

    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(f"delete from {NODE}")
    text = ml_ledger(built, "reproduce", "repurchase", "1", code=1)
    assert "none of version 1 of repurchase are kept. Fix: declare keep_training_set: full" in text


def test_a_reproduction_says_how_many_rows_were_erased(built: Project):
    ((entity, rows),) = built.query(
        "select entity_id, count(*) from ml_training_rows group by 1 order by 1 limit 1"
    )
    arguments = json.dumps({"entity_id": entity, "reason": "a request"})
    built.dbt("run-operation", "ml_erase", "--args", arguments, clock="1997-12-31")
    text = ml_ledger(built, "reproduce", "repurchase", "1", code=1)
    assert f"erased        {rows} of its rows, by repurchase-2" in text
    assert "Not reproduced" in text
