"""What is measured: the tables of the page, their rows, and the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from data import MEMORY_LIMIT_MB
from drift_data import EVIDENTLY_PART

M = 1_000_000
Measure = Literal["cpu", "wall", "mb", "off"]
UNITS: Mapping[Measure, str] = {"cpu": "CPU", "wall": "wall time", "mb": "memory", "off": "off"}

LIMIT, OURS = "limit", "ml_ledger"
PANDAS, ARROW = "scikit-learn through pandas", "scikit-learn through Arrow"
ORBITAL, ONNX = "orbital", "onnxruntime"
LBFGS = "scikit-learn, its default solver (lbfgs)"
LATEST, MERGE_ASOF = "latest value", "latest value, pandas merge_asof"
SCAN, EVIDENTLY = "plain scan", "Evidently, a 25th of the rows"
SINGLE = "in single precision: skl2onnx writes trees in no other"
# The same sums in another order: that is all that "exact" leaves.
EXACT = 1e-12


@dataclass(frozen=True)
class Target:
    """A measure is at most a factor times that of another row; without one, at most the factor itself."""

    measure: Measure
    at_most: float
    than: str | None = None


@dataclass(frozen=True)
class Row:
    """name: in the page. task: see task.py. note: shown under the table. once: measured in the first round only.

    part: it is given one in so many rows, and its ratios and targets are per row.
    """

    name: str
    task: str
    targets: Sequence[Target] = ()
    note: str = ""
    once: bool = False
    part: int = 1


@dataclass(frozen=True)
class Table:
    """Rows that are compared with their first. off: what the differences are from.

    model: the one that is scored; None where a model is trained. node: whether its predictions node is compiled.
    live: whether it is about what was live. events_per_entity: where it is about features as of a moment. drift:
    whether it is about drift.
    """

    title: str
    size: int
    rows: Sequence[Row]
    off: str
    model: str | None = None
    node: bool = False
    live: bool = False
    events_per_entity: int | None = None
    drift: bool = False


def faster(factor: float, than: str) -> list[Target]:
    """At least so many times faster, in wall time and in CPU."""
    return [Target("wall", 1 / factor, than), Target("cpu", 1 / factor, than)]


def node(title: str, size: int, model: str) -> Table:
    """A predictions node, against scoring alone."""
    without = "all columns but reasons"
    twice = [Target("cpu", 2.0, without)]
    return Table(
        title=f"Predictions node, {title}",
        size=size,
        model=model,
        node=True,
        off="off scikit-learn",
        rows=[
            Row("ids and scores only", f"scoring:scored:{model}"),
            Row(
                without,
                f"node:all_but_reasons:{model}",
                note="decisions, features as scored, hashes; an empty list in place of reasons",
            ),
            Row("all columns", f"node:all_columns:{model}", targets=twice, note="three reasons per row"),
            Row(
                "all columns, reasons with texts",
                f"node:all_columns_with_texts:{model}",
                targets=twice,
                note="a text for each feature and direction",
            ),
        ],
    )


def point_in_time(per_entity: int) -> Table:
    """Features of a spine with a tenth as many rows as there are events."""
    memory = Target("mb", 2_000)
    return Table(
        title=f"Point in time, {per_entity:,} events per entity",
        size=10 * M,
        off="share that is wrong",
        events_per_entity=per_entity,
        rows=[
            Row(
                "count and sum per entity",
                f"point_in_time:grouped:{per_entity}",
                note="as of no moment: a grouped scan of the events",
            ),
            Row(
                LATEST,
                f"point_in_time:latest:{per_entity}",
                targets=[*faster(1, MERGE_ASOF), memory, Target("off", 0.0)],
                note="`point_in_time_join`, for a tenth as many spine rows; DuckDB is limited to 2,000 MB here",
            ),
            Row(
                "count and sum of trailing 30 and 90 days",
                f"point_in_time:trailing:{per_entity}",
                targets=[memory, Target("off", 0.0)],
                note="`trailing`",
            ),
            Row(
                MERGE_ASOF,
                f"point_in_time:merge_asof:{per_entity}",
                note="fetched through Arrow, sorted by moment and amount, and written back",
            ),
            Row(
                f"{MERGE_ASOF}, tuned",
                f"point_in_time:merge_asof_tuned:{per_entity}",
                note="the same, but sorted by DuckDB before it is fetched",
            ),
        ],
    )


def against_feast(per_entity: int) -> Table:
    """Features of a spine with a hundredth as many rows as there are events, since Feast takes its time."""
    default, duckdb = "Feast, its default store (Dask)", "Feast, its DuckDB store"
    return Table(
        title=f"Point in time, {per_entity:,} events per entity, a spine of a hundredth",
        size=10 * M,
        off="share that is wrong",
        events_per_entity=per_entity,
        rows=[
            Row(
                LATEST,
                f"point_in_time:latest_few:{per_entity}",
                targets=[*faster(10, default), *faster(10, duckdb), *faster(1, MERGE_ASOF), Target("off", 0.0)],
                note="`point_in_time_join`, for a hundredth as many spine rows",
            ),
            Row(MERGE_ASOF, f"point_in_time:merge_asof_few:{per_entity}"),
            Row(
                default,
                f"peers_feast:default_store:{per_entity}",
                note="one run: it takes a minute. It loses the spine rows that have no earlier event",
                once=True,
            ),
            Row(
                duckdb,
                f"peers_feast:duckdb_store:{per_entity}",
                note="joins each spine row with all earlier events of its entity, before it chooses the latest",
            ),
        ],
    )


TABLES = [
    Table(
        title="Scoring, logistic, 20 numbers",
        size=10 * M,
        model="numbers",
        off="off scikit-learn",
        rows=[
            Row(LIMIT, "scoring:limit:numbers", note="`create table as select id, x0 + … + x19`"),
            Row(
                OURS,
                "scoring:scored:numbers",
                targets=[
                    Target("cpu", 1.3, LIMIT),
                    Target("cpu", 1 / 3, ARROW),
                    Target("cpu", 1.0, ORBITAL),
                    Target("wall", 1.0, ORBITAL),
                ],
            ),
            Row(PANDAS, "peers_sklearn:pandas:numbers", note="one data frame, a pipeline with a scaler"),
            Row(
                ARROW, "peers_sklearn:arrow:numbers", note="batches of 1 million rows, DuckDB's default, the same"
            ),
            Row(
                f"{ARROW}, tuned",
                "peers_sklearn:tuned:numbers",
                note="the scaler folded into the coefficients by hand, columns side by side, batches of 20,000",
            ),
            Row(ORBITAL, "peers_orbital:scored:numbers"),
            Row(ONNX, "peers_onnx:scored:numbers", note="in double precision"),
        ],
    ),
    Table(
        title="Scoring, logistic, 20 numbers and 5 categories of 20 levels",
        size=10 * M,
        model="categories",
        off="off scikit-learn",
        rows=[
            Row(LIMIT, "scoring:limit:categories", note="the sum, and the lengths of the categories"),
            Row(OURS, "scoring:scored:categories", targets=[Target("cpu", 1.3, LIMIT)]),
            Row(PANDAS, "peers_sklearn:pandas:categories", note="one run: it takes a minute and 16 GB", once=True),
            Row(ARROW, "peers_sklearn:arrow:categories"),
            Row(ORBITAL, "peers_orbital:scored:categories"),
            Row(ONNX, "peers_onnx:scored:categories"),
        ],
    ),
    Table(
        title="Scoring, additive boosting, 100 trees × 31 leaves, 20 numbers",
        size=M,
        model="additive_boosting",
        off="off scikit-learn",
        rows=[
            Row(
                OURS,
                "scoring:scored:additive_boosting",
                targets=[*faster(3, ARROW), *faster(3, PANDAS), Target("off", EXACT)],
            ),
            Row(PANDAS, "peers_sklearn:pandas:additive_boosting"),
            Row(ARROW, "peers_sklearn:arrow:additive_boosting"),
            Row(ORBITAL, "peers_orbital:scored:additive_boosting", note="thresholds in single precision"),
            Row(
                ONNX,
                "peers_onnx:scored:additive_boosting",
                note=SINGLE,
            ),
        ],
    ),
    Table(
        title="Scoring, boosting, 100 trees × 31 leaves, 20 numbers",
        size=M,
        model="boosting",
        off="off scikit-learn",
        rows=[
            Row(
                OURS,
                "scoring:scored:boosting",
                targets=[*faster(1, ARROW), *faster(1, PANDAS), *faster(1, ONNX), Target("off", EXACT)],
            ),
            Row(PANDAS, "peers_sklearn:pandas:boosting"),
            Row(ARROW, "peers_sklearn:arrow:boosting"),
            Row(ORBITAL, "peers_orbital:scored:boosting", note="thresholds in single precision"),
            Row(ONNX, "peers_onnx:scored:boosting", note=SINGLE),
        ],
    ),
    Table(
        title="Training, logistic, 20 numbers",
        size=M,
        off="off the optimum",
        rows=[
            Row(OURS, "training:ml_ledger", targets=[Target("off", 1e-8)]),
            Row(LBFGS, "peers_sklearn_training:default_solver"),
            Row("scikit-learn, newton-cholesky", "peers_sklearn_training:newton_cholesky"),
        ],
    ),
    Table(
        title="Training, logistic, 20 numbers",
        size=10 * M,
        off="off the optimum",
        rows=[
            Row(
                OURS,
                "training:ml_ledger",
                targets=[
                    Target("off", 1e-8),
                    *faster(4, LBFGS),
                    Target("mb", MEMORY_LIMIT_MB),
                    Target("mb", 1 / 5, LBFGS),
                ],
            ),
            Row(LBFGS, "peers_sklearn_training:default_solver"),
        ],
    ),
    Table(
        title="Which version was live, 100,000 deployments",
        size=10 * M,
        off="share that is wrong",
        live=True,
        rows=[
            Row("copy", "asof:copied", note="the same number of columns, without looking anything up"),
            Row(
                "all joined with what was live",
                "asof:joined",
                targets=[Target("wall", 6.0, "copy"), Target("off", 0.0)],
            ),
            Row(
                "one decision looked up", "asof:one", targets=[Target("wall", 0.020)], note="in a warm connection"
            ),
        ],
    ),
    point_in_time(100),
    point_in_time(10_000),
    against_feast(100),
    Table(
        title="Drift, 50 columns",
        size=5 * M,
        off="off NumPy",
        drift=True,
        rows=[
            Row(SCAN, "drift:scan", note="count, NULLs, minimum, maximum, mean and deviation of each column"),
            Row(
                OURS,
                "drift:ours",
                targets=[
                    Target("wall", 5.0, SCAN),
                    Target("cpu", 5.0, SCAN),
                    *faster(20, EVIDENTLY),
                    Target("off", 1e-9),
                ],
                note="one query: the same, 20 bins, values out of range and defaults of each column; then all"
                " distances and tests",
            ),
            Row(
                "SciPy and NumPy",
                "drift:scipy",
                note="a column at a time: `ks_2samp` on all values, and the stability index; one run",
                once=True,
            ),
            Row(
                EVIDENTLY,
                "peers_evidently:preset",
                note="`DataDriftPreset` with its defaults on 200,000 of the rows; its ratios are per row. One run",
                once=True,
                part=EVIDENTLY_PART,
            ),
        ],
    ),
    node("logistic, 20 numbers", M, "numbers"),
    node("additive boosting, 100 trees × 31 leaves, 20 numbers", M // 4, "additive_boosting"),
    node("boosting, 100 trees × 31 leaves, 20 numbers", M // 4, "boosting"),
]
