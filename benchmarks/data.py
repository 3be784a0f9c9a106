"""The warehouse that is measured, its tables, and how a task compares what it scored with scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

FOLDER = Path("target/benchmarks")
WAREHOUSE = FOLDER / "benchmark.duckdb"
MEMORY_LIMIT_MB = 1_000
NUMBERS = [f"x{j}" for j in range(20)]
CATEGORIES = [f"c{j}" for j in range(5)]
SAMPLE = "sample"
SAMPLE_ROWS = 100_000


class UnableError(Exception):
    """A peer cannot do a task; the message says why, and is what the page says."""


@dataclass(frozen=True)
class Task:
    """run: what is measured. check: the largest difference from what the result should be, taken after it."""

    run: Callable[[], object]
    check: Callable[[], float] | None = None


def connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(WAREHOUSE))
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT_MB}MB'")
    return connection


def columns_of(model: str) -> list[str]:
    """The features of a model."""
    return NUMBERS + CATEGORIES if model == "categories" else NUMBERS


def table_of(rows: int) -> str:
    return f"rows_{rows}"


def reference_of(model: str, rows: int) -> str:
    return f"reference_{model}_{rows}"


def make(connection: duckdb.DuckDBPyConnection, table: str, rows: int, seed: float) -> None:
    """A table of 20 numbers, 5 categories of 20 levels, a label and weights; the same whenever it is made."""
    numbers = ", ".join(f"(random() + random() + random() - 1.5) * 2 as {name}" for name in NUMBERS)
    levels = ", ".join(f"'level ' || (random() * 20)::int % 20 as {name}" for name in CATEGORIES)
    link = " + ".join(f"{(j - 10) / 20} * {name}" for j, name in enumerate(NUMBERS))
    effect = " + ".join(f"(length({name}) - 7) * 0.3" for name in CATEGORIES)
    connection.execute("set threads = 1")  # two would share the random numbers out differently in each run
    connection.execute(f"select setseed({seed})")
    connection.execute(
        f"create table {table} as select *, 1.0::double as _ml_weight,"
        f" (random() < 1 / (1 + exp(-(0.2 + {link} + {effect}))))::double as y"
        f" from (select range as id, {numbers}, {levels} from range({rows}))"
    )
    connection.execute("reset threads")


def matrix(batch: pa.Table | pa.RecordBatch) -> np.ndarray:
    """The numbers of an Arrow batch as an n × 20 matrix."""
    return np.column_stack([batch.column(name).to_numpy() for name in NUMBERS])


def sample(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> pa.Table:
    return connection.sql(f"select {', '.join([*names, 'y'])} from {SAMPLE}").to_arrow_table()


def batches(
    connection: duckdb.DuckDBPyConnection, rows: int, names: Sequence[str], size: int = 1_000_000
) -> Iterator[pa.RecordBatch]:
    """The id and columns of a table in Arrow batches, of DuckDB's default size unless told."""
    return iter(connection.sql(f"select id, {', '.join(names)} from {table_of(rows)}").to_arrow_reader(size))


def score_batches(
    connection: duckdb.DuckDBPyConnection,
    read: Iterator[pa.RecordBatch],
    predict: Callable[[pa.RecordBatch], np.ndarray],
    into: str = "temp table scores",
) -> None:
    """Score outside the warehouse, and write the scores back: `into` holds ids and scores, as after scoring in SQL."""
    # A column that is kept would keep its whole batch in memory: ids are copied.
    scored = pa.Table.from_batches(
        pa.record_batch({"id": batch.column("id").to_numpy().copy(), "score": predict(batch)}) for batch in read
    )
    write(connection, scored, into)


def write(connection: duckdb.DuckDBPyConnection, scored: object, into: str = "temp table scores") -> None:
    """Write ids and scores, a table of Arrow or pandas, into the warehouse."""
    connection.register("scored", scored)
    connection.execute(f"create or replace {into} as select id, score from scored")
    connection.unregister("scored")


def off_reference(connection: duckdb.DuckDBPyConnection, model: str, rows: int) -> float:
    """The largest difference between `scores` and those of the scikit-learn estimator; every row must have one."""
    ((matched, missing, largest),) = connection.execute(
        "select count(*), count(*) filter (where scores.score is null), max(abs(scores.score - reference.score))"
        f" from scores inner join {reference_of(model, rows)} as reference using (id)"
    ).fetchall()
    if matched != rows or missing:
        raise ValueError(f"{model}: {rows} rows must be scored; got {matched}, of which {missing} have no score")
    return float(largest)
