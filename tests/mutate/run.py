"""Change the code a little, and see whether a test fails: `make mutate`.

Python: of each room of the library a random sample of mutants (`mutators.py`), each run against the unit tests that are
closest to it by imports (`tests_of.py`), one file after the other until one fails or the time for a mutant is over.
Macros: a table of changes, each with the test that must notice it (`macro_mutants.py`).

Nothing of the working tree is changed: mutants live in a copy, in a temporary folder. Survivors are listed; where fewer
than LEAST of a group are killed, it ends with 1. Environment: ML_LEDGER_MUTANTS, how many in Python (150), divided
evenly among the rooms; ML_LEDGER_SEED, of the sample (0); ML_LEDGER_MUTATE, which rooms and groups of macros (`macros`
or `macros/gate`), comma separated (all).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import pytest
from macro_mutants import EQUIVALENT, MACROS, MacroMutant
from mutators import Mutant, mutants
from tests_of import tests_of

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path("src/ml_ledger")
UNIT_TESTS = "tests/python/unit"
# Folders of the library; one that is not there is left out.
ROOMS = ("terms", "scoring", "solvers", "training_set", "fitting", "training", "record")
LEAST = 0.9
# A mutant meets another test file as long as less than this has passed, in seconds, or it met too few; at most so many.
ENOUGH, FEWEST_FILES, MOST_FILES = 60, 3, 6
# A test file that takes longer than this with a mutant, and not without, has noticed it.
HANGS = 240
# What tests and the library import, and mutants are not of.
IMPORTED_ONCE = (
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "pyarrow",
    "pydantic",
    "scipy.stats",
    "sklearn.linear_model",
    "sqlglot",
)


@dataclass
class Group:
    """How the mutants of a room, or of a folder of macros, ended."""

    name: str
    found: int
    ends: Counter[str] = field(default_factory=Counter)
    survivors: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        tried = self.ends["killed"] + self.ends["survived"]
        return self.ends["killed"] / tried if tried else 1.0

    def note(self, end: str, mutant: object, why: str) -> None:
        self.ends[end] += 1
        if end in ("survived", "undecided"):
            self.survivors.append(f"{end}: {mutant}")
        print(f"{end:10} {self.name:15} {mutant}  ({why})", flush=True)


class Copy:
    """A copy of what git knows of the working tree, in which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        self.folder, self.changes, self.unchanged = folder, 0, dict[str, bool | None]()

    def write(self, path: Path, text: str) -> None:
        """Write a file such that Python compiles it anew: it compares sizes, and times to the second."""
        (self.folder / path).write_text(text, encoding="utf-8")
        self.changes += 1
        moment = 1_000_000_000 + self.changes
        os.utime(self.folder / path, (moment, moment))

    def fails(self, test: str) -> bool | None:
        """Whether a test fails; None where it takes longer than HANGS.

        A run that ends by a signal says nothing of the mutant unless it does so again: it may have come from elsewhere.
        """
        code = self._run(test)
        if code is not None and code < 0:
            code = self._run(test)
        return None if code is None else code != 0

    def _run(self, test: str) -> int | None:
        """The exit code of pytest; None where it takes longer than HANGS.

        It runs in a fork of this process, which has imported what takes longest, and nothing of the library.
        """
        running = os.fork()
        if not running:
            self._become_pytest(test)
        until = time.monotonic() + HANGS
        while time.monotonic() < until:
            ended, status = os.waitpid(running, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.killpg(running, signal.SIGKILL)
        os.waitpid(running, 0)
        return None

    def _become_pytest(self, test: str) -> NoReturn:
        code = 1
        try:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nowhere, stream)
            os.chdir(self.folder)
            os.environ["PYTHONPATH"] = str(self.folder / "src")
            sys.path[:0] = [str(self.folder), str(self.folder / "src")]
            code = int(pytest.main(["-qx", "--no-header", "--tb=no", "-p", "no:cacheprovider", test]))
        finally:
            os._exit(code)

    def fails_without(self, test: str) -> bool | None:
        """Whether a test fails without a mutant; None where it takes longer than HANGS."""
        if test not in self.unchanged:
            self.unchanged[test] = self.fails(test)
        return self.unchanged[test]


def main() -> int:
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in IMPORTED_ONCE:
        import_module(name)
    wanted = os.environ.get("ML_LEDGER_MUTATE", "").split(",")
    groups: list[Group] = []
    with tempfile.TemporaryDirectory(prefix="ml_ledger_mutants_") as folder:
        copy = Copy(Path(folder))
        groups += [group for group in _of_macros(copy, wanted) if group.ends]
        groups += _of_python(copy, wanted)
    print(
        f"\n{'group':16}{'mutants':>9}{'killed':>9}{'survived':>10}{'undecided':>11}{'equivalent':>12}{'share':>8}"
    )
    for group in groups:
        print(
            f"{group.name:16}{group.found:9}{group.ends['killed']:9}{group.ends['survived']:10}"
            f"{group.ends['undecided']:11}{group.ends['equivalent']:12}{group.share:8.1%}"
        )
    for group in groups:
        for line in group.survivors:
            print(f"  {group.name}: {line}")
    return int(any(group.share < LEAST for group in groups))


def _of_python(copy: Copy, wanted: Sequence[str]) -> Iterator[Group]:
    rooms = [room for room in ROOMS if (copy.folder / LIBRARY / room).is_dir()]
    count, seed = int(os.environ.get("ML_LEDGER_MUTANTS", "150")), int(os.environ.get("ML_LEDGER_SEED", "0"))
    tests = tests_of(copy.folder, UNIT_TESTS)
    print(f"{count} mutants of {', '.join(rooms)}, seed {seed}")
    for place, room in enumerate(rooms):
        if wanted != [""] and room not in wanted:
            continue
        files = sorted((copy.folder / LIBRARY / room).rglob("*.py"))
        every = [
            mutant
            for file in files
            for mutant in mutants(file.relative_to(copy.folder), file.read_text(encoding="utf-8"))
        ]
        share = min(len(every), count // len(rooms) + (place < count % len(rooms)))
        group = Group(room, len(every))
        for mutant in random.Random(f"{seed} {room}").sample(every, share):
            reason = EQUIVALENT.get((mutant.path.name, mutant.code, mutant.new))
            if reason is not None:
                group.note("equivalent", mutant, reason)
                continue
            text = (copy.folder / mutant.path).read_text(encoding="utf-8")
            copy.write(mutant.path, mutant.text)
            try:
                end, why = _judged(copy, mutant, text, [str(test) for test in tests[mutant.path]])
            finally:
                copy.write(mutant.path, text)
            group.note(end, mutant, why)
        yield group


def _judged(copy: Copy, mutant: Mutant, text: str, tests: list[str]) -> tuple[str, str]:
    began = time.monotonic()
    asked = 0
    for test in tests[:MOST_FILES]:
        if asked >= FEWEST_FILES and time.monotonic() - began > ENOUGH:
            break
        asked += 1
        fails = copy.fails(test)
        if fails is None:
            copy.write(mutant.path, text)
            return ("killed" if copy.fails_without(test) is False else "undecided", f"{Path(test).name} hangs")
        if fails:
            copy.write(mutant.path, text)
            if copy.fails_without(test):
                raise SystemExit(f"{test} fails without {mutant}, too")
            return "killed", f"by {Path(test).name}"
    return "survived", f"{asked} test files"


def _of_macros(copy: Copy, wanted: Sequence[str]) -> Iterator[Group]:
    files = {file.name: file.relative_to(copy.folder) for file in (copy.folder / "macros").rglob("*.sql")}
    for name in dict.fromkeys(mutant.group for mutant in MACROS):
        group = Group(name, sum(mutant.group == name for mutant in MACROS))
        for mutant in MACROS:
            if mutant.group == name and (wanted == [""] or {name, "macros"} & set(wanted)):
                group.note(*_of_macro(copy, mutant, files))
        yield group


def _of_macro(copy: Copy, mutant: MacroMutant, files: dict[str, Path]) -> tuple[str, MacroMutant, str]:
    path = files[f"{mutant.macro}.sql"]
    text = (copy.folder / path).read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(
            f"macro_mutants.py: {path} must hold {mutant.old!r} once; it does {text.count(mutant.old)} times"
        )
    copy.write(path, text.replace(mutant.old, mutant.new))
    try:
        fails = copy.fails(mutant.test)
    finally:
        copy.write(path, text)
    name = Path(mutant.test).name
    if fails is None:
        return ("killed" if copy.fails_without(mutant.test) is False else "undecided", mutant, f"{name} hangs")
    if fails and copy.fails_without(mutant.test):
        raise SystemExit(f"macro_mutants.py: {mutant.test} fails without {mutant}, too")
    return ("killed" if fails else "survived", mutant, name)


if __name__ == "__main__":
    sys.exit(main())
