"""No macro is longer than a person holds in the head, and no line of SQL is wider than a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

from ml_ledger.declaration import for_macros

LINES_OF_A_MACRO = 80
WIDTH = 120
MACRO = re.compile(r"\{%-?\s*(macro|test)\s+(\w+).*?\{%-?\s*end\1\s*-?%\}", re.DOTALL)


def files_of_sql() -> Iterator[Path]:
    for folder in ("macros", "models", "tests", "analyses", "integration_tests"):
        for path in sorted((ROOT / folder).rglob("*.sql")):
            parts = set(path.relative_to(ROOT).parts)
            if path != ROOT / for_macros.PATH and not {"target", "dbt_packages"} & parts:
                yield path


def test_no_macro_is_over_80_lines():
    macros = [match for path in files_of_sql() for match in MACRO.finditer(path.read_text())]
    lengths = {match[2]: match[0].count("\n") + 1 for match in macros}
    assert {name: lines for name, lines in lengths.items() if lines > LINES_OF_A_MACRO} == {}, "split these"


def test_no_line_is_over_120_characters():
    wide = [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for path in files_of_sql()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > WIDTH
    ]
    assert wide == [], "break these"
