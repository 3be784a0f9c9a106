"""Relations as temporary tables."""

import duckdb
import pyarrow as pa
import pytest

from ml_ledger.warehouse import Relation

TEMPORARY = "select count(*) from information_schema.tables where table_type = 'LOCAL TEMPORARY'"


@pytest.fixture
def connection(tmp_path):
    connection = duckdb.connect(tmp_path / "warehouse.duckdb")
    connection.execute("create table numbers as select i::double as x from range(5) t(i)")
    return connection


def test_a_query_is_materialised_once_and_dropped(connection):
    rows = Relation(connection.sql("select * from numbers"), name="numbers_read")
    with rows.materialised("select random() as x from numbers_read") as drawn:
        first, second = (drawn.query(f"select sum(x) as total from {drawn.name}") for _ in range(2))
        assert first == second
        assert connection.sql(TEMPORARY).fetchall() == [(1,)]
    assert connection.sql(TEMPORARY).fetchall() == [(0,)]


def test_several_do_not_clash_and_can_build_on_each_other(connection):
    rows = Relation(connection.sql("select * from numbers"), name="r")
    with (
        rows.materialised("select 2 * x as x from r") as twice,
        rows.materialised("select 3 * x as x from r") as thrice,
        twice.materialised(f"select x + 1 as x from {twice.name}") as more,
    ):
        totals = [
            each.query(f"select sum(x) as total from {each.name}")[0]["total"] for each in (twice, thrice, more)
        ]
    assert totals == [20, 30, 25]


def test_it_reads_this_relation_and_not_a_table_that_is_called_the_same(connection):
    connection.execute("create table training_set as select 100.0::double as x")
    rows = Relation(connection.sql("select * from numbers"), name="training_set")
    with rows.materialised("select x from training_set") as read:
        assert read.query(f"select sum(x) as total from {read.name}") == [{"total": 10}]


def test_the_file_keeps_nothing_even_after_an_error_in_a_transaction(connection):
    """As a Python dbt model runs: inside the transaction of its connection."""
    connection.begin()
    rows = Relation(connection.query("select * from numbers"), name="r")
    with pytest.raises(duckdb.Error, match="no_such_column"), rows.materialised("select x from r") as read:
        read.query(f"select no_such_column from {read.name}")
    connection.rollback()
    assert connection.sql("select table_name from information_schema.tables").fetchall() == [("numbers",)]


def test_an_arrow_table_is_joined_by_key_and_dropped(connection):
    rows = Relation(connection.sql("select x, 'k' || x::int as key from numbers"), name="r")
    some = pa.table({"of": ["k3", "k1", "k9"], "score": [0.3, 0.1, 0.9]})
    others = pa.table({"of": ["k0"], "other": [5]})
    with rows.joined(some, {"of": '"key"'}) as one:
        assert one.name != "r"  # which DuckDB 1.5 would take for itself
        with one.joined(others, {"of": '"key"'}) as both:
            assert both.query(f"select x, score, other from {both.name} order by x") == [
                {"x": x, "score": score, "other": other}
                for x, score, other in [
                    (0, None, 5),
                    (1, 0.1, None),
                    (2, None, None),
                    (3, 0.3, None),
                    (4, None, None),
                ]
            ]
    assert connection.sql(TEMPORARY).fetchall() == [(0,)]
