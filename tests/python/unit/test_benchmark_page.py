"""The page of the benchmarks: its verdicts, and that its plan names tasks that exist."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModuleType, ModuleType]]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import plan
    import report

    yield plan, report
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


def run(cpu: float, *, mb: float = 100.0, off: float | None = None) -> dict[str, float | None]:
    return {"cpu": cpu, "wall": cpu / 2, "mb": mb, "off": off}


def test_the_page_says_which_targets_are_met(modules: tuple[ModuleType, ModuleType]):
    plan, report = modules
    targets = [
        plan.Target("cpu", 1.3, "limit"),
        plan.Target("cpu", 1 / 3, "peer"),
        plan.Target("wall", 1.0, "peer"),
        plan.Target("cpu", 1.0, "absent"),
        plan.Target("off", 1e-12),
        plan.Target("mb", 50),
    ]
    rows = [
        plan.Row("limit", "a:limit"),
        plan.Row("ours", "a:ours", targets=targets),
        plan.Row("peer", "a:peer", note="as it is"),
        plan.Row("absent", "a:absent"),
    ]
    runs = {
        ("a:limit", 10): [run(1.0), run(9.0), run(1.0)],
        ("a:ours", 10): [run(1.2, off=1e-16), run(0.1, off=2e-11), run(1.2, off=0.0)],
        ("a:peer", 10): [run(3.0)],
        ("a:absent", 10): [{"unable": "it has no trees"}],
    }
    page = report.page([plan.Table("Scoring", 10, rows, off="off")], runs, 3)
    (ours,) = (line for line in page.splitlines() if line.startswith("| ours"))
    assert ours.split(" | ")[:7] == ["| ours", "1.20", "1.20", "0.60", "1.20", "100", "2e-11"]
    assert ours.split(" | ")[7].removesuffix(" |").split("<br>") == [
        "CPU at most 1.3 times limit: 1.20, met",
        "CPU 3 times less than peer: 2.50, **not met**",
        "wall time not more than peer: 0.40, met",
        "CPU against absent: not measured",
        "off at most 1e-12: **not met**",
        "memory at most 50 MB: **not met**",
    ]
    assert "| absent | | | | | | | cannot: it has no trees |" in page
    assert "- peer: as it is." in page


def test_the_plan_names_tasks_that_exist_and_rows_of_the_same_table(modules: tuple[ModuleType, ModuleType]):
    plan, _ = modules
    for table in plan.TABLES:
        names = {row.name for row in table.rows}
        for row in table.rows:
            module, function, *_model = row.task.split(":")
            text = (BENCHMARKS / f"{module}.py").read_text(encoding="utf-8")  # to import it would need the peers
            assert re.search(rf"^def {function}\(", text, flags=re.MULTILINE), row.task
            assert {target.than for target in row.targets if target.than} <= names
