"""The rooms of the library: who may import whom, and how large a file and a folder may become."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = "ml_ledger"
SOURCE = Path(__file__).parents[3] / "src" / PACKAGE

# From the ground up. A room imports from itself and from those before it; modules beside the rooms are named as rooms.
LAYERS = (
    ("arrays", "errors", "number_words", "progress", "written_as_code"),
    ("finite_json", "onnx_extra", "sql_literals", "warehouse", "without_stopping"),
    ("coefficients",),
    ("record", "scoring"),
    ("rules", "terms"),
    ("solvers",),
    ("families",),
    ("declaration",),
    ("evaluation",),
    ("training_set",),
    ("fitting", "leaks"),
    ("training",),
    ("quality",),
    ("monitoring",),
    ("nodes", "project"),
    ("scaffold",),
    ("commands",),
    ("__init__",),
)
# Imports that run back up, each with its reason: (importer, imported).
BACK_UP: Mapping[tuple[str, str], str] = {
    ("scaffold.package", "__init__"): "the version number, which the build tool reads there",
}
MOST_BACK_UP = 1
MOST_FILES = 15
MOST_LINES = 300


def modules() -> dict[str, Path]:
    """Every module by its name within the package; that of a package itself ends in `__init__`."""
    return {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in SOURCE.rglob("*.py")}


def imported(tree: ast.AST, known: Mapping[str, Path]) -> Iterator[str]:
    """Modules of the package that a syntax tree imports, wherever; but for those that only type checkers import."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import):
            yield from (_module(alias.name, known) for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module and _is_ours(node.module):
                for alias in node.names:
                    yield _module(f"{node.module}.{alias.name}", known)
        else:
            yield from imported(node, known)


def _is_ours(name: str) -> bool:
    return name.split(".")[0] == PACKAGE


def _module(name: str, known: Mapping[str, Path]) -> str:
    """The module of an imported name: itself, its `__init__`, or the one that it is imported from."""
    own = name.removeprefix(PACKAGE).removeprefix(".")
    candidates = (own, f"{own}.__init__", own.rpartition(".")[0], f"{own.rpartition('.')[0]}.__init__".lstrip("."))
    return next(candidate for candidate in candidates if candidate in known)


def arrows() -> dict[str, set[str]]:
    known = modules()
    return {
        name: set(imported(ast.parse(path.read_text(encoding="utf-8")), known)) - {name}
        for name, path in known.items()
    }


def room(module: str) -> str:
    return module.split(".")[0]


def circles(graph: Mapping[str, set[str]]) -> set[str]:
    """What is left when modules that import nothing that is left are removed, again until there is none."""
    left = {name: set(targets) for name, targets in graph.items()}
    while free := {name for name, targets in left.items() if not targets & left.keys()}:
        left = {name: targets for name, targets in left.items() if name not in free}
    return set(left)


def test_every_room_has_a_layer() -> None:
    named = [name for layer in LAYERS for name in layer]
    assert len(named) == len(set(named))
    assert {room(name) for name in modules()} <= set(named)


def test_imports_run_down() -> None:
    layer = {name: number for number, names in enumerate(LAYERS) for name in names}
    back = {
        (name, target)
        for name, targets in arrows().items()
        for target in targets
        if room(name) != room(target) and layer[room(name)] <= layer[room(target)]
    }
    assert back == set(BACK_UP)
    assert len(BACK_UP) <= MOST_BACK_UP


def test_no_circle_among_modules() -> None:
    assert circles(arrows()) == set()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from ml_ledger.terms import learn", {"terms.learn"}),
        ("from ml_ledger.terms import Term", {"terms.__init__"}),
        ("from ml_ledger.warehouse import quoted", {"warehouse"}),
        ("from ml_ledger import __version__", {"__init__"}),
        ("import ml_ledger.solvers.newton as newton", {"solvers.newton"}),
        ("def f():\n    from ml_ledger.errors import listed", {"errors"}),
        ("if TYPE_CHECKING:\n    from ml_ledger.errors import listed", set()),
        ("import math", set()),
    ],
)
def test_what_counts_as_an_import(code: str, expected: set[str]) -> None:
    assert set(imported(ast.parse(code), modules())) == expected


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == {"a", "b", "c"}


def test_no_folder_is_crowded() -> None:
    folders = Counter(path.parent.relative_to(SOURCE).as_posix() for path in modules().values())
    assert {folder: files for folder, files in folders.items() if files > MOST_FILES} == {}


def test_no_two_modules_have_the_same_file_name() -> None:
    names = Counter(path.name for path in modules().values() if path.name != "__init__.py")
    assert [name for name, times in names.items() if times > 1] == []


def test_no_module_is_long() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in sorted(modules().items())}
    assert {name: length for name, length in lines.items() if length > MOST_LINES} == {}
