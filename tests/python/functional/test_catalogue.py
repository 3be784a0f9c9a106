"""What dbt's site says of the columns of every dbt model and seed."""

from conftest import Project


def test_every_column_is_described(full: Project):
    nodes = {
        node.alias: {name for name, column in node.columns.items() if column.description}
        for node in full.manifest().nodes.values()
        if node.resource_type in ("model", "seed")
    }
    columns = full.query(
        "select table_name, list(column_name) from information_schema.columns where table_schema = 'main' group by 1"
    )
    built = {table: set(names) for table, names in columns if table in nodes}
    assert len(built) > 70
    assert {table: names - nodes[table] for table, names in built.items() if names - nodes[table]} == {}
    assert {table: nodes[table] - names for table, names in built.items() if nodes[table] - names} == {}
