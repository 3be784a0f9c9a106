"""Every macro is either described, with its arguments, or hidden from dbt's site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from dbt.parser.schemas import is_valid_type

DEFINITION = re.compile(r"\{%-?\s*(macro|test)\s+(\w+)\s*\((.*?)\)\s*-?%\}", re.DOTALL)
HIDDEN = ROOT / "macros" / "_internal" / "_macros.yml"
HEAD = """\
# Every macro that is not described; dbt's site leaves these out. Written by
# `pytest tests/python/unit/test_public_macros.py --refresh-golden`.
version: 2

macros:
"""
# Rooms whose macros are called by this package alone.
PRIVATE = {"_internal", "adapter"}
GIVEN_BY_DBT = ("model", "column_name")


def arguments_of(signature: str) -> list[str]:
    """The names of arguments; their defaults hold no comma."""
    return [argument.split("=")[0].strip() for argument in signature.split(",") if argument.strip()]


FILES = [*sorted((ROOT / "macros").rglob("*.sql")), *sorted((ROOT / "tests" / "generic").glob("*.sql"))]
DEFINED: dict[str, tuple[Path, list[str]]] = {
    ("test_" if kind == "test" else "") + name: (path, arguments_of(signature))
    for path in FILES
    for kind, name, signature in DEFINITION.findall(path.read_text())
}
PROPERTIES = [path for folder in ("macros", "tests/generic") for path in sorted((ROOT / folder).rglob("*.yml"))]
DESCRIBED: dict[str, tuple[Path, dict[str, Any]]] = {
    macro["name"]: (path, macro)
    for path in PROPERTIES
    if path != HIDDEN
    for macro in yaml.safe_load(path.read_text())["macros"]
}


def test_what_is_not_described_is_hidden(request):
    lines = [
        f"  - {{name: {name}, docs: {{show: false}}}}\n" for name in sorted(DEFINED.keys() - DESCRIBED.keys())
    ]
    if request.config.getoption("--refresh-golden"):
        HIDDEN.write_text(HEAD + "".join(lines))
    assert HIDDEN.read_text() == HEAD + "".join(lines), "--refresh-golden, if these are no macros for users"


def test_what_is_described_is_there():
    assert DESCRIBED.keys() - DEFINED.keys() == set()


@pytest.mark.parametrize("name", sorted(DESCRIBED.keys() & DEFINED.keys()))
def test_a_public_macro_is_described_with_its_arguments(name):
    path, macro = DESCRIBED[name]
    file, arguments = DEFINED[name]
    assert path.parent == file.parent
    assert macro["description"]
    described = macro.get("arguments", [])
    if file.parent.name == "generic":
        arguments = [argument for argument in arguments if argument not in GIVEN_BY_DBT]
        assert re.findall(r"(?m)^- `(\w+)` \(\w.*?\): .", macro["description"]) == arguments
        assert described == [], "dbt warns of these"
    else:
        assert [argument["name"] for argument in described] == arguments
    for argument in described:
        assert is_valid_type(argument["type"])
        assert argument["description"]


def test_a_file_is_named_for_its_macro_if_that_is_public():
    """Its helpers may stand below it."""
    public = {path for path in FILES if not PRIVATE & set(path.relative_to(ROOT).parts)}
    named = {DEFINED[name][0]: name.removeprefix("test_") for name in DESCRIBED}
    assert {path: named.get(path) for path in public} == {path: path.stem for path in public}
