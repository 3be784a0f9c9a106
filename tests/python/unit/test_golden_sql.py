"""The SQL of small versions, kept in tests/golden so that a change of it is read: pytest --refresh-golden."""

from pathlib import Path

import pytest
import sqlglot
from golden_versions import VERSIONS

from ml_ledger.scoring.compile import compile_scoring

FOLDER = Path(__file__).resolve().parents[2] / "golden"
DIALECTS = ("duckdb", "spark", "postgres", "snowflake", "bigquery")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_golden_sql(version, dialect, request):
    scoring = compile_scoring(**VERSIONS[version], dialect=dialect)
    lines = []
    for layer in scoring.layers:
        lines += [f"{sql} as {column}," for column, sql in layer.items()] + [""]
    text = "\n".join(lines)
    for sql in (sql for layer in scoring.layers for sql in layer.values()):
        sqlglot.parse_one(sql, dialect=dialect)  # it is SQL of this dialect
    file = FOLDER / f"{version}.{dialect}.txt"
    if request.config.getoption("--refresh-golden"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text
