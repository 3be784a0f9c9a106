"""Measure all tasks in turn, and write results.md: medians, and ratios within one run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 5
M = 1_000_000
# Title, the task that the others are compared with, and the rows of the table.
TABLES = [
    (
        "Scoring, logistic, 20 numbers × 10 million rows",
        [
            ("limit: `select id, x0 + … + x19`", "limit", 10 * M),
            ("ml_ledger", "score_linear", 10 * M),
            ("scikit-learn over Arrow batches", "score_linear_sklearn", 10 * M),
        ],
    ),
    (
        "The same and 5 categories of 20 levels",
        [
            ("limit: the sum and the lengths of the categories", "limit_categories", 10 * M),
            ("ml_ledger", "score_categories", 10 * M),
        ],
    ),
    (
        "Scoring, additive boosting, 100 trees × 31 leaves, 20 numbers × 1 million rows",
        [
            ("ml_ledger", "score_boosting", M),
            ("scikit-learn over Arrow batches", "score_boosting_sklearn", M),
        ],
    ),
    (
        "Training, logistic, 20 numbers × 1 million rows",
        [("ml_ledger", "train", M), ("scikit-learn, lbfgs (its default)", "train_sklearn", M)],
    ),
    (
        "Training, logistic, 20 numbers × 10 million rows",
        [("ml_ledger", "train", 10 * M), ("scikit-learn, lbfgs (its default)", "train_sklearn", 10 * M)],
    ),
]


def measured(task: str, rows: int) -> dict[str, float]:
    """One run of one task, in a process of its own."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(here / "tasks.py"), task, str(rows)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{task} {rows}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run everything and write the page."""
    runs: dict[tuple[str, int], list[dict[str, float]]] = {}
    keys = [(task, rows) for _, entries in TABLES for _, task, rows in entries]
    for task, rows in dict.fromkeys(keys):  # makes tables and versions, and is not counted
        if (task, rows) not in runs:
            print(f"warm-up  {task} {rows:,}", flush=True)
            measured(task, rows)
            runs[task, rows] = []
    for number in range(1, ROUNDS + 1):
        for task, rows in runs:
            runs[task, rows].append(measured(task, rows))
            print(f"round {number}  {task} {rows:,}  {runs[task, rows][-1]}", flush=True)
    lines = [
        "# Results",
        "",
        f"Written by `make bench`: medians of {ROUNDS} runs in turn, {os.cpu_count()} cores.",
        "Ratios are to the first row of each table. See README.md for how it is measured.",
    ]
    for title, entries in TABLES:
        lines += [
            "",
            f"## {title}",
            "",
            "| | CPU s | ratio | wall s | ratio | peak MB |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        first = None
        for name, task, rows in entries:
            median = {
                key: statistics.median(run[key] for run in runs[task, rows]) for key in ("cpu", "wall", "mb")
            }
            first = first or median
            lines.append(
                f"| {name} | {median['cpu']:.2f} | {median['cpu'] / first['cpu']:.2f} | {median['wall']:.2f}"
                f" | {median['wall'] / first['wall']:.2f} | {median['mb']:,.0f} |"
            )
    Path(__file__).with_name("results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
