"""Which test files look at a module: those that import it, then those that import what imports it, and so on.

By imports, not by coverage: that would take a run of all tests under a profiler first, an hour on two cores. Test files
that import each other's helpers count as importing what these do.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "ml_ledger"


def tests_of(root: Path, folder: str) -> dict[Path, list[Path]]:
    """The test files of a folder for each module of src, the closest first: by imports, and by a word of the name."""
    source = root / "src"
    modules = {_name(path, source): path for path in (source / PACKAGE).rglob("*.py")}
    helpers = {path.stem: path for path in sorted((root / folder).glob("*.py"))}
    known = {**modules, **helpers}
    imported = {name: set(_imports(path, known)) for name, path in known.items()}
    found = {}
    for name, path in modules.items():
        importers, distance = {name}, 0
        reached: dict[str, int] = {}
        while importers:
            reached |= dict.fromkeys(importers, distance)
            distance += 1
            importers = {other for other in known if other not in reached and imported[other] & importers}
        ranked = sorted(
            (
                reached[test] - (2 if _share_a_word(test, path.stem) else 0),
                file.stat().st_size,
                file.relative_to(root),
            )
            for test, file in helpers.items()
            if test.startswith("test_") and test in reached
        )
        found[path.relative_to(root)] = [file for _, _, file in ranked]
    return found


def _share_a_word(test: str, module: str) -> bool:
    one, other = ({word.removesuffix("s") for word in name.split("_")} for name in (test, module))
    return bool(one & other)


def _name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Modules and helpers that a file imports. A package stands for its `__init__`, which imports what it offers."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in known else node.module
