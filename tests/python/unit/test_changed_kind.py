"""A feature that was a number and is a text now: decisions of each version under the other."""

import json

import duckdb
import package_project
from package_project import relation
from test_training import at, train

FEATURES = {"gap": {"kind": "numeric", "missing": "impute"}}
NUMBER, TEXT = FEATURES | {"age": {"kind": "numeric"}}, FEATURES | {"age": {"kind": "categorical"}}
DECISIONS = [(1, {"age": "21", "gap": "3"}), (2, {"age": "a21", "gap": "3"})]


def test_a_sweep_says_which_version_stored_another_kind(tmp_path):
    first = train(features=NUMBER)
    second = train(f"select * replace ('a' || age as age) from ({at('2024-12-01')})", history=first, features=TEXT)

    def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
        for name, version in (("first", first), ("second", second)):
            connection.register(name, version)
        connection.execute("create table versions as select * from first union all select * from second")
        connection.execute(
            "create table predictions (decision_id varchar, ml_model varchar, version bigint, slot varchar,"
            " decision_source varchar, score double, decision varchar, features varchar)"
        )
        for version, features in DECISIONS:
            connection.execute(
                "insert into predictions values ('d' || $1, 'm', $1, 'champion', 'policy', 0.5, 'yes', $2)",
                [version, json.dumps(features)],
            )

    sql = package_project.compiled(
        tmp_path,
        {
            "swept": "{{ ml_ledger.decisions_under_versions('m', "
            f"{relation('versions')}, {relation('predictions')}) }}}}"
        },
        create_tables=create_tables,
        tables=["versions", "predictions"],
        project={"vars": {"ml_models": {"m": {}}, "ml_clock": "2024-12-31", "ml_actor": "ana"}},
    )["swept"]
    with duckdb.connect() as connection:
        create_tables(connection)
        found = connection.execute(
            "select decided_by_version, version, score is not null, not_computed_because"
            f" from ({sql}) order by all"
        ).fetchall()
    assert found == [
        (1, 1, True, None),
        (1, 2, False, "version 1 stored another kind of age"),
        (2, 1, False, "version 2 stored another kind of age"),
        (2, 2, True, None),
    ]
