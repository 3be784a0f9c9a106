"""Measure all tasks in turn and write results.md; see README.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from data import FOLDER
from plan import TABLES, Table
from report import page, summary

HERE = Path(__file__).parent
PEERS = Path(".venv-peers/bin/python")
PYTHONS = {"peers_orbital": PEERS, "peers_onnx": PEERS, "peers_feast": Path(".venv-feast/bin/python")}
PYTHONS |= {"peers_evidently": Path(".venv-evidently/bin/python")}


def main() -> None:
    """Prepare, run all tasks in rounds, and write the page."""
    options = _options()
    tables = [
        replace(table, size=table.size // options.rows_divisor)
        for table in TABLES
        if options.only.lower() in table.title.lower()
    ]
    print("preparing tables, versions, reference scores and optima ...", flush=True)
    _python(Path(sys.executable), "prepare.py", json.dumps(_wanted(tables)))
    tasks = {(row.task, table.size): row for table in tables for row in table.rows}
    runs: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for number in range(1, options.rounds + 1):
        for (task, size), row in tasks.items():
            if number > 1 and (row.once or "unable" in runs[task, size][0]):
                continue
            run = _measured(task, size)
            runs.setdefault((task, size), []).append(run)
            print(f"round {number}  {summary(row, size, run)}", flush=True)
    text = page(tables, runs, options.rounds)
    complete = options.rows_divisor == 1 and not options.only
    (HERE / "results.md" if complete else FOLDER / "results.md").write_text(text, encoding="utf-8")
    print(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often every task is measured (5)")
    parser.add_argument("--rows-divisor", type=int, default=1, help="use so many times fewer rows, to try it out")
    parser.add_argument("--only", default="", help="only the tables whose title has this text in it")
    return parser.parse_args()


def _wanted(tables: list[Table]) -> dict[str, Any]:
    """What to prepare."""
    scored: dict[str, list[int]] = {}
    for table in tables:
        if table.model:
            scored.setdefault(table.model, []).append(table.size)
    return {
        "scored": scored,
        "trained": [
            table.size
            for table in tables
            if not table.model and not table.live and not table.events_per_entity and not table.drift
        ],
        "drift": [table.size for table in tables if table.drift],
        "live": [table.size for table in tables if table.live],
        "events": {table.events_per_entity: table.size for table in tables if table.events_per_entity},
        "nodes": {table.model: table.size for table in tables if table.node and table.model},
    }


def _measured(task: str, size: int) -> dict[str, Any]:
    """One run of one task."""
    module = task.partition(":")[0]
    python = PYTHONS.get(module, Path(sys.executable))
    return json.loads(_python(python, "task.py", task, str(size)).splitlines()[-1])


def _python(python: Path, script: str, *arguments: str) -> str:
    """What a script of this folder prints, in a process of its own."""
    done = subprocess.run(
        [str(python), str(HERE / script), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{script} {' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
