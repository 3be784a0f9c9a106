"""Do intervals hold, and are false alarms as rare as declared, where entities occur on several dates?

Draws data sets whose truth is known, measures them as versions are measured, and writes docs/simulations.md.
Run from the project's folder: .venv/bin/python benchmarks/simulations.py [draws]; 2,000 take about 20 minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from ml_ledger.declaration.monitoring import DriftSpec
from ml_ledger.evaluation.binary import mean_of, per_row
from ml_ledger.evaluation.measure import Estimate, Metric, measure
from ml_ledger.evaluation.moments import moments
from ml_ledger.evaluation.rows import ScoredRows
from ml_ledger.monitoring.drift.column_drift import measured as figures
from ml_ledger.monitoring.drift.column_drift import tests
from ml_ledger.monitoring.drift.counting import Counts
from ml_ledger.monitoring.drift.significance import discovery_rates
from ml_ledger.monitoring.drift.stored_reference import Column
from ml_ledger.training_set.design_effects import at_size, cluster_size, of_numbers
from ml_ledger.warehouse import Relation

DATES = (1, 2, 4, 8, 12)
EFFECTS = (0.5, 1.0, 2.0)
ENTITIES = 250
THRESHOLD = 0.4
TRUTH_ROWS = 2_000_000
SCORERS = ("self", "baseline:other")
MEANS = ("log_loss", "brier", "mean_score", "positive_share", "precision", "recall", "f1")
COVERED = ("roc_auc", *MEANS)
# So many data sets are measured at once; of one in so many the area under the curve and the drift.
AT_ONCE, AREAS, ALARMS = 100, 20, 16
FEATURES, BINS = 10, 20
PAGE, PICTURE = Path("docs/simulations.md"), Path("docs/simulations.svg")


@dataclass(frozen=True)
class Cell:
    """What is drawn: dates per entity, and the deviation of what an entity adds to the log-odds of all its labels."""

    dates: int
    effect: float


def draw(random: np.random.Generator, cell: Cell, entities: int) -> dict[str, np.ndarray]:
    """Rows of entities: two scores of equal merit, of which the first is measured, and labels."""
    entity = np.repeat(np.arange(entities), cell.dates)
    n = len(entity)
    # What both scores know, and half of what one of them knows alone, is of the entity and stays.
    known = random.normal(size=entities)[entity] * 0.7
    one, other = (random.normal(size=(2, entities))[:, entity] + random.normal(size=(2, n))) * 0.5
    hidden = cell.effect * random.normal(size=entities)[entity]
    label = random.random(n) < sigmoid(-0.5 + known + one + other + hidden)
    return {
        "entity": entity,
        "label": label.astype(float),
        "self": sigmoid(-0.5 + known + one),
        "other": sigmoid(-0.5 + known + other),
    }


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def truth(cell: Cell) -> dict[str, float]:
    """The metrics of so many rows that chance is no matter; every row of an entity of its own has the same law."""
    random = np.random.default_rng(7)
    rows = draw(random, Cell(1, cell.effect), TRUTH_ROWS)
    connection = duckdb.connect()
    return {
        key[1]: row.value for key, row in measured(rows, connection, clustered=False).items() if key[0] == "self"
    }


def measured(
    rows: dict[str, np.ndarray], connection: duckdb.DuckDBPyConnection, *, clustered: bool = True
) -> dict:
    """The metrics of one data set, as versions are measured."""
    relation = Relation(connection.from_arrow(table_of(rows, clustered=clustered)), name="scored")
    found = measure(relation, task="binary", dataset="holdout", scorers=SCORERS, threshold=THRESHOLD)
    return {(row.scored_by, row.metric): row for row in found if row.slice == "all"}


def means(
    rows: dict[str, np.ndarray], connection: duckdb.DuckDBPyConnection, *, clustered: bool
) -> Iterator[dict]:
    """By data set: the metrics that are means over rows, by the same queries, of many data sets at once."""
    relation = Relation(connection.from_arrow(table_of(rows, clustered=clustered)), name="scored")
    scored, values = per_row(ScoredRows.of(relation, SCORERS, others=["_ml_draw"]), THRESHOLD)
    values = {name: sql for name, sql in values.items() if name[0] == "self" or name[1] == "log_loss_reduction"}
    for found in moments(scored.query, "_ml_scored_rows", values, scored.design, by="_ml_draw").values():
        each = [mean_of(scorer, metric, moments_of) for (scorer, metric), moments_of in found.items()]
        yield {(one.scored_by, one.metric): one.estimate for one in each}


def table_of(rows: dict[str, np.ndarray], *, clustered: bool) -> pa.Table:
    columns = {"_ml_label": rows["label"], "_ml_s0_0": rows["self"], "_ml_s1_0": rows["other"]}
    columns |= {"_ml_cluster": rows["entity"]} if clustered else {}
    return pa.table(columns | ({"_ml_draw": rows["draw"]} if "draw" in rows else {}))


def together(random: np.random.Generator, cell: Cell, draws: int) -> dict[str, np.ndarray]:
    """Data sets below each other, each with entities of its own."""
    each = [draw(random, cell, ENTITIES) for _ in range(draws)]
    rows = {name: np.concatenate([one[name] for one in each]) for name in each[0]}
    rows["draw"] = np.repeat(np.arange(draws), ENTITIES * cell.dates)
    rows["entity"] = rows["entity"] + ENTITIES * rows["draw"]
    return rows


def intervals(cell: Cell, draws: int, seed: int) -> dict[str, float]:
    """How often the truth is inside, clustered and not, and how often the gate sees a difference that is none."""
    random, connection, true = np.random.default_rng(seed), duckdb.connect(), truth(cell)
    done, hits, errs = ({"clustered": 0, "alone": 0} for _ in range(3))
    by_metric = dict.fromkeys(COVERED, 0)
    for _ in range(draws // AT_ONCE):
        rows = together(random, cell, AT_ONCE)
        for how in done:
            for found in means(rows, connection, clustered=how == "clustered"):
                done[how] += 1
                inside = {metric: holds(found["self", metric], true[metric]) for metric in MEANS}
                hits[how] += sum(inside.values())
                errs[how] += found["baseline:other", "log_loss_reduction"].ci_low > 0
                for metric in MEANS if how == "clustered" else ():
                    by_metric[metric] += inside[metric]
    shares = {metric: by_metric[metric] / done["clustered"] for metric in MEANS}
    # What needs the rows of a data set in order takes queries of its own.
    areas = [measured(draw(random, cell, ENTITIES), connection)["self", "roc_auc"] for _ in range(draws // AREAS)]
    shares["roc_auc"] = float(np.mean([holds(area, true["roc_auc"]) for area in areas]))
    result = {f"cover_{how}": hits[how] / (done[how] * len(MEANS)) for how in hits}
    result |= {f"gate_{how}": errs[how] / done[how] for how in errs}
    return result | {f"metric_{metric}": share for metric, share in shares.items()}


def holds(found: Estimate | Metric, true: float) -> bool:
    return found.ci_low <= true <= found.ci_high


def false_alarms(cell: Cell, draws: int, seed: int) -> dict[str, float]:
    """The share of columns that are said to have drifted, of periods in which nothing did, with entities or not."""
    random, connection, limits = np.random.default_rng(seed), duckdb.connect(), DriftSpec(smallest_shift=1e-9)
    calls = {"clustered": 0, "alone": 0}
    for _ in range(draws):
        entities = random.normal(size=(ENTITIES, FEATURES)) * cell.effect
        then = np.repeat(entities, cell.dates, axis=0) + random.normal(size=(ENTITIES * cell.dates, FEATURES))
        now = random.normal(size=(ENTITIES, FEATURES)) * np.hypot(
            cell.effect, 1.0
        )  # new entities: nobody is on both sides
        edges = [sorted(np.quantile(column, np.arange(1, BINS) / BINS)) for column in then.T]
        names = [f"x{j}" for j in range(FEATURES)]
        table = pa.table(
            {"entity": np.repeat(np.arange(ENTITIES), cell.dates)} | dict(zip(names, then.T, strict=True))
        )
        relation = Relation(connection.from_arrow(table), name="reference_rows")
        size = cluster_size(relation, "entity", "true")
        effects = of_numbers(relation, list(zip(names, edges, strict=True)), "entity", "true")
        for how in calls:
            p_values = []
            for j in range(FEATURES):
                effect = effects[j] if how == "clustered" else 1.0
                column = Column(
                    "feature", names[j], "numeric", rows=len(then), edges=edges[j], bins=binned(then[:, j], edges[j]),
                    lowest=float(then[:, j].min()), highest=float(then[:, j].max()), mean=float(then[:, j].mean()),
                    standard_deviation=float(then[:, j].std()), cluster_size=size, design_effect=effect,
                )  # fmt: skip
                x = now[:, j]
                counts = Counts(
                    rows=len(x), known=len(x), bins=binned(x, edges[j]), lowest=float(x.min()), highest=float(x.max()),
                    below=int((x < column.lowest).sum()), above=int((x > column.highest).sum()),
                    mean=float(x.mean()), standard_deviation=float(x.std()), design_effect=at_size(effect, size, 1.0),
                )  # fmt: skip
                row = figures(column, counts)
                p_values.append(min([1.0, *(test.p_value for test in tests(column, counts, row, limits))]))
            rates = discovery_rates(p_values)
            calls[how] += any(rate <= limits.false_discovery_rate for rate in rates)
    return {f"drift_{how}": n / draws for how, n in calls.items()}


def binned(values: np.ndarray, edges: list[float]) -> list[int]:
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1).tolist()


def simulated(task: tuple[Cell, int, int]) -> tuple[Cell, dict[str, float]]:
    cell, draws, seed = task
    return cell, intervals(cell, draws, seed) | false_alarms(cell, draws // ALARMS, seed + 1)


def page(results: dict[Cell, dict[str, float]], draws: int) -> Iterator[str]:
    yield "# Do intervals hold?"
    yield ""
    yield f"""Written by `benchmarks/simulations.py` from {draws:,} draws of {ENTITIES} entities per line (of the area
under the ROC curve {draws // AREAS:,}, of drift {draws // ALARMS:,}). Each entity occurs on so many dates, and adds a
draw of its own, of that standard deviation, to the log-odds of all its labels. Two scores know equally much of the
labels. A 95 % interval is to hold the truth in 93 to 97 of 100 draws; the gate, that asks whether the interval of the
difference of two scores lies above 0, is to err in 1.5 to 3.5 of 100 where there is no difference."""
    yield ""
    shown = "Share of intervals that hold the truth, and of gates that err, by dates per entity"
    yield f"![{shown}: clustered, and as if rows stood alone](simulations.svg)"
    yield ""
    yield "| dates | effect | intervals hold | if rows stood alone | gate errs | alone | drift, false alarms | alone |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for cell, row in sorted(results.items(), key=lambda item: (item[0].dates, item[0].effect)):
        figures_of = " | ".join(
            f"{100 * row[f'{what}_{how}']:.1f} %"
            for what in ("cover", "gate", "drift")
            for how in ("clustered", "alone")
        )
        yield f"| {cell.dates} | {cell.effect:g} | {figures_of} |"
    yield ""
    yield f"""Intervals are those of {", ".join(MEANS)}, by the queries that measure versions
([metrics](metrics.md#intervals)). Drift: {FEATURES} columns, whose values are a draw per
entity, of that standard deviation, plus one per row, of 1; a false alarm is a period of {ENTITIES} new entities in
which any column is said to have drifted, at a false discovery rate of
{DriftSpec().false_discovery_rate:g} and without a
smallest shift that would be told ([drift](drift.md))."""
    yield ""
    yield "Intervals that hold, by metric, over all lines above, and in the line where fewest do (of the area under"
    yield f"the ROC curve, whose lines have {draws // AREAS:,} draws, a line at 95 % is off by two points or so):"
    yield ""
    yield "| metric | on average | at least |"
    yield "| --- | --- | --- |"
    for metric in COVERED:
        shares = [row[f"metric_{metric}"] for row in results.values()]
        yield f"| {metric} | {100 * np.mean(shares):.1f} % | {100 * min(shares):.1f} % |"


def picture(results: dict[Cell, dict[str, float]]) -> str:
    """Two panels: how many intervals hold, and how many gates err, by dates per entity and strength of the effect."""
    panels = (
        ("intervals that hold the truth", "cover", 0.6, 1.0, (0.93, 0.97)),
        ("gates that err", "gate", 0.0, 0.2, (0.015, 0.035)),
    )
    width, height, left, top = 330, 220, 60, 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * (width + 90)} {height + 110}"'
        ' font-family="system-ui, sans-serif" font-size="12" role="img">',
        "<title>Intervals that hold and gates that err, by dates per entity</title>",
        "<style>text{fill:#333}.c{stroke:#1f6f8b;fill:none;stroke-width:2}.a{stroke:#b5533c;fill:none;stroke-width:2;"
        "stroke-dasharray:5 4}.g{stroke:#ccc}.band{fill:#1f6f8b;opacity:.12}@media(prefers-color-scheme:dark)"
        "{text{fill:#ddd}.g{stroke:#555}.c{stroke:#63b5d1}.a{stroke:#e08a73}}</style>",
    ]
    for number, (title, what, low, high, band) in enumerate(panels):
        x0 = left + number * (width + 90)

        def x(dates: int, x0: int = x0) -> float:
            return x0 + width * DATES.index(dates) / (len(DATES) - 1)

        def y(share: float, low: float = low, high: float = high) -> float:
            return top + height * (1 - (min(max(share, low), high) - low) / (high - low))

        parts.append(f'<text x="{x0}" y="{top - 16}" font-weight="600">{title}</text>')
        parts.append(
            f'<rect class="band" x="{x0}" y="{y(band[1]):.1f}" width="{width}" height="{y(band[0]) - y(band[1]):.1f}"/>'
        )
        for step in range(5):
            share = low + step * (high - low) / 4
            parts.append(f'<line class="g" x1="{x0}" x2="{x0 + width}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>')
            parts.append(f'<text x="{x0 - 8}" y="{y(share) + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>')
        for dates in DATES:
            parts.append(f'<text x="{x(dates):.1f}" y="{top + height + 18}" text-anchor="middle">{dates}</text>')
        parts.append(
            f'<text x="{x0 + width / 2}" y="{top + height + 36}" text-anchor="middle">dates per entity</text>'
        )
        for how, style in (("alone", "a"), ("clustered", "c")):
            for effect in EFFECTS:
                points = " ".join(f"{x(d):.1f},{y(results[Cell(d, effect)][f'{what}_{how}']):.1f}" for d in DATES)
                parts.append(
                    f'<polyline class="{style}" points="{points}" opacity="{0.4 + 0.3 * EFFECTS.index(effect)}"/>'
                )
    y0 = top + height + 60
    parts.append(f'<line class="c" x1="{left}" x2="{left + 30}" y1="{y0}" y2="{y0}"/>')
    parts.append(f'<text x="{left + 38}" y="{y0 + 4}">clustered by entity, as measured</text>')
    parts.append(f'<line class="a" x1="{left + 270}" x2="{left + 300}" y1="{y0}" y2="{y0}"/>')
    parts.append(
        f'<text x="{left + 308}" y="{y0 + 4}">as if each row stood alone; darker: stronger effects</text>'
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    cells = [Cell(dates, effect) for dates in DATES for effect in EFFECTS]
    tasks = [(cell, draws, 1_000 * number) for number, cell in enumerate(cells)]
    results: dict[Cell, dict[str, float]] = {}
    with ProcessPoolExecutor(2) as pool:
        for cell, row in pool.map(simulated, tasks):
            results[cell] = row
            print(cell, {name: round(value, 4) for name, value in row.items()}, flush=True)
    PAGE.write_text("\n".join(page(results, draws)) + "\n", encoding="utf-8")
    PICTURE.write_text(picture(results), encoding="utf-8")


if __name__ == "__main__":
    main()
