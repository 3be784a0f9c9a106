"""What is public in Python is documented: every name of `__all__`, in numpydoc, with the signature's parameters."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import ml_ledger
import ml_ledger.training.run

ROOT = Path(__file__).parents[3]
HEADING = re.compile(r"^(?P<title>\S.*)\n-{3,}$", re.MULTILINE)
# Names before the colon, the type behind it.
ENTRY = re.compile(r"^(?P<names>\*{0,2}\w+(, \*{0,2}\w+)*)(?P<type> : \S.*)?$")
MOST_MODULES = 4


def public_modules() -> list[ModuleType]:
    """The package, and the modules that it names in `__all__`."""
    named = [getattr(ml_ledger, name) for name in ml_ledger.__all__]
    return [ml_ledger, *(one for one in named if inspect.ismodule(one))]


def public() -> dict[str, Any]:
    """Every public module, function, class and method of a class, by the name under which it is imported."""
    found: dict[str, Any] = {}
    for module in public_modules():
        found[module.__name__] = module
        for name in module.__all__:
            one = getattr(module, name)
            if not (inspect.isclass(one) or inspect.isfunction(one)):
                continue
            found[f"{module.__name__}.{name}"] = one
            if inspect.isclass(one):
                found |= {f"{module.__name__}.{name}.{method}": value for method, value in methods(one)}
    return found


def methods(of: type) -> Iterator[tuple[str, Any]]:
    """Methods and properties of a class; a field that is a function by default is neither."""
    for name, value in vars(of).items():
        if (
            not name.startswith("_")
            and name not in getattr(of, "__annotations__", {})
            and (inspect.isfunction(value) or isinstance(value, property))
        ):
            yield name, value.fget if isinstance(value, property) else value


PUBLIC = public()
CALLED = {name: one for name, one in PUBLIC.items() if not inspect.ismodule(one)}


@dataclass(frozen=True)
class Documented:
    """A docstring, read."""

    summary: str
    sections: dict[str, str]

    @classmethod
    def of(cls, one: Any) -> Documented:
        text = inspect.cleandoc(one.__doc__ or "")
        parts = HEADING.split(text)
        return cls(parts[0].split("\n")[0], dict(zip(parts[1::2], parts[2::2], strict=True)))

    def entries(self, title: str) -> list[tuple[str, str | None, str]]:
        """Name, type and description of each entry of a section."""
        found: list[tuple[str, str | None, str]] = []
        for line in self.sections.get(title, "").strip("\n").split("\n"):
            entry = None if line.startswith(" ") else ENTRY.match(line)
            if entry:
                kind = entry["type"] and entry["type"].removeprefix(" : ")
                found += [(name, kind, "") for name in entry["names"].split(", ")]
            elif found and line.strip():
                found[-1] = (*found[-1][:2], found[-1][2] + line.strip())
        # Names that share an entry share its description.
        for number in reversed(range(len(found) - 1)):
            if not found[number][2]:
                found[number] = (*found[number][:2], found[number + 1][2])
        return found


def signature_of(one: Any) -> inspect.Signature:
    """What is called: of a class its constructor, of a protocol of a function that function."""
    if getattr(one, "_is_protocol", False):
        one = one.__call__
    return inspect.signature(one)


def parameters_of(one: Any) -> list[str]:
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    given = [stars.get(each.kind, "") + each.name for each in signature_of(one).parameters.values()]
    return [name for name in given if name != "self"]


def mistakes(one: Any) -> list[str]:
    """What a docstring lacks, or says otherwise than the signature."""
    if not one.__doc__ or (inspect.isclass(one) and one.__doc__.startswith(f"{one.__name__}(")):
        return ["no docstring"]
    documented, found = Documented.of(one), []
    if not documented.summary.endswith("."):
        found.append(f"the summary is no sentence on one line: {documented.summary!r}")
    if inspect.isclass(one) and issubclass(one, Exception):
        return found
    entries = documented.entries("Parameters")
    if [name for name, _, _ in entries] != parameters_of(one):
        found.append(f"documents {[name for name, _, _ in entries]}, takes {parameters_of(one)}")
    found += [f"{name} has no type" for name, kind, _ in entries if not kind]
    found += [f"{name} has no description" for name, _, said in entries if not said]
    returns = not inspect.isclass(one) or getattr(one, "_is_protocol", False)
    gives = returns and signature_of(one).return_annotation not in (None, "None")
    if gives != bool(documented.sections.get("Returns", "").strip()):
        found.append("Returns is missing" if gives else "Returns where nothing is returned")
    return found


def test_few_modules_are_public() -> None:
    names = [module.__name__ for module in public_modules()]
    assert len(names) == len(set(names)) <= MOST_MODULES


@pytest.mark.parametrize("module", public_modules(), ids=lambda module: module.__name__)
def test_every_public_name_is_there_and_in_order(module: ModuleType) -> None:
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert importlib.import_module(module.__name__) is module
    assert len(module.__all__) == len(set(module.__all__))
    assert inspect.getdoc(module)


@pytest.mark.parametrize("name", CALLED)
def test_every_public_name_is_documented(name: str) -> None:
    assert mistakes(CALLED[name]) == []


def test_the_linter_looks_at_the_modules_where_public_names_are() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    ((pattern, _),) = ((key, codes) for key, codes in settings["per-file-ignores"].items() if key.startswith("!"))
    listed = {f"src/ml_ledger/{name}.py" for name in pattern.split("{")[1].split("}")[0].split(",")}
    files = {Path(inspect.getsourcefile(inspect.unwrap(one)) or "") for one in PUBLIC.values()}
    assert listed == {path.relative_to(ROOT).as_posix() for path in files}


def complete(rows: int, *columns: str, seed: int = 0) -> int:
    """Count.

    Parameters
    ----------
    rows : int
        How many.
    *columns, seed : str or int
        Both of these.

    Returns
    -------
    int
        How many.
    """
    return rows


def nothing_returned(rows: int) -> None:
    """Count.

    Parameters
    ----------
    rows : int
        How many.
    """


def changed(one: Callable[..., Any], old: str, new: str) -> Callable[..., Any]:
    """The same function with another docstring."""

    def other(rows: int, *columns: str, seed: int = 0) -> int:
        return rows

    assert one.__doc__ and old in one.__doc__
    other.__doc__ = one.__doc__.replace(old, new)
    return other


def undocumented(rows: int) -> int:
    return rows


@dataclass
class Bare:
    rows: int


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (complete, []),
        (nothing_returned, []),
        (undocumented, ["no docstring"]),
        (Bare, ["no docstring"]),
        (changed(complete, "Count.", "Count"), ["the summary is no sentence on one line: 'Count'"]),
        (
            changed(complete, "rows : int", "lines : int"),
            ["documents ['lines', '*columns', 'seed'], takes ['rows', '*columns', 'seed']"],
        ),
        (
            changed(complete, "*columns, seed", "seed, *columns"),
            ["documents ['rows', 'seed', '*columns'], takes ['rows', '*columns', 'seed']"],
        ),
        (changed(complete, "rows : int", "rows"), ["rows has no type"]),
        (
            changed(complete, "        Both of these.\n", ""),
            ["*columns has no description", "seed has no description"],
        ),
        (changed(complete, "Returns\n    -------\n", ""), ["Returns is missing"]),
    ],
)
def test_what_is_missing_is_named(one: Any, said: list[str]) -> None:
    assert mistakes(one) == said


EXAMPLES = {
    name: test
    for name, one in PUBLIC.items()
    if (test := doctest.DocTestFinder(recurse=False).find(one, name, globs={})) and test[0].examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ml_ledger.training.run, "say", lambda *_, **__: None)  # progress is logged, with the time
    output: list[str] = []
    for test in EXAMPLES[name]:
        doctest.DocTestRunner().run(test, out=output.append)
    assert not output, "".join(output)


def test_there_are_examples() -> None:
    assert {"ml_ledger.train_if_due", "ml_ledger.nodes", "ml_ledger.families.Family.complete"} <= set(EXAMPLES)


def test_the_reference_has_a_page_per_module_and_every_name(tmp_path: Path) -> None:
    import pdoc

    pdoc.render.configure(docformat="numpy", template_directory=ROOT / "docs" / "api")
    pdoc.pdoc("ml_ledger", output_directory=tmp_path)
    pages = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    modules = {module.__name__.replace(".", "/") + ".html" for module in public_modules()}
    assert pages == {"index.html", *modules}
    for module in public_modules():
        page = (tmp_path / f"{module.__name__.replace('.', '/')}.html").read_text(encoding="utf-8")
        called = [name for name in module.__all__ if not inspect.ismodule(getattr(module, name))]
        assert [name for name in called if not name.startswith("_") and f'id="{name}"' not in page] == []
