"""One measured task in a process of its own: `python benchmarks/tasks.py <task> <rows>` prints a JSON line."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

FOLDER = Path("target/benchmarks")
NUMBERS = [f"x{j}" for j in range(20)]
CATEGORIES = [f"c{j}" for j in range(5)]


def connect() -> duckdb.DuckDBPyConnection:
    FOLDER.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(FOLDER / "benchmark.duckdb"))
    connection.execute("set memory_limit = '1GB'")
    return connection


def make(connection: duckdb.DuckDBPyConnection, rows: int) -> None:
    """A table of 20 numbers and 5 categories of 20 levels, a label and weights, unless it exists."""
    numbers = ", ".join(f"(random() + random() + random() - 1.5) * 2 as {name}" for name in NUMBERS)
    levels = ", ".join(f"'level ' || (random() * 20)::int % 20 as {name}" for name in CATEGORIES)
    link = " + ".join(f"{(j - 10) / 20} * {name}" for j, name in enumerate(NUMBERS))
    effect = " + ".join(f"(length({name}) - 7) * 0.3" for name in CATEGORIES)
    connection.execute(
        f"create table if not exists t{rows} as select *, 1.0::double as weight,"
        f" (random() < 1 / (1 + exp(-(0.2 + {link} + {effect}))))::double as y"
        f" from (select range as id, {numbers}, {levels} from range({rows}))"
    )


def features(names: list[str]) -> dict:
    from pydantic import TypeAdapter

    from ml_ledger.spec import FeatureSpec

    adapter = TypeAdapter(FeatureSpec)
    kinds = {name: "numeric" if name in NUMBERS else "categorical" for name in names}
    return {name: adapter.validate_python({"kind": kind}) for name, kind in kinds.items()}


def fit(connection: duckdb.DuckDBPyConnection, rows: int, names: list[str], family: str, **hyperparameters):
    from ml_ledger.families import FAMILIES
    from ml_ledger.families.base import TrainingRows
    from ml_ledger.warehouse import Relation

    relation = Relation(connection.sql(f"select * from t{rows}"), name="training_set")
    chosen = FAMILIES[family]
    return chosen.fit(
        training=TrainingRows(relation, where="true", label="y", key=("id",)),
        features=features(names),
        hyperparameters=chosen.complete(hyperparameters),
        seed=0,
    )


def compiled(connection: duckdb.DuckDBPyConnection, names: list[str], family: str, **hyperparameters):
    """A version fitted on 100,000 rows, kept between runs."""
    from ml_ledger.scoring.compile import CompiledScoring, compile_scoring

    kept = FOLDER / f"{family}-{len(names)}.json"
    if not kept.exists():
        make(connection, 100_000)
        fitted = fit(connection, 100_000, names, family, **hyperparameters)
        kept.write_text(compile_scoring(fitted.coefficients, link=fitted.link, dialect="duckdb").to_json())
    return CompiledScoring.from_json(kept.read_text())


def create_scores(connection: duckdb.DuckDBPyConnection, rows: int, scoring) -> None:
    connection.execute(
        f"create or replace temp table scores as select id, {scoring.score_of('link')} as score"
        f" from (select id, {scoring.link_sql()} as link from t{rows})"
    )


def sample(connection: duckdb.DuckDBPyConnection, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    make(connection, 100_000)
    table = connection.execute(f"select {', '.join([*names, 'y'])} from t100000").to_arrow_table()
    return np.column_stack([table.column(name).to_numpy() for name in names]), table.column("y").to_numpy()


def predict_arrow(connection: duckdb.DuckDBPyConnection, rows: int, names: list[str], predict: Callable) -> None:
    reader = connection.sql(f"select id, {', '.join(names)} from t{rows}").to_arrow_reader(1_000_000)
    for batch in reader:
        predict(np.column_stack([batch.column(name).to_numpy() for name in names]))


BOOSTING = {"trees": 100, "leaves": 31}
Task = Callable[[duckdb.DuckDBPyConnection, int], Callable[[], object]]


def limit(connection, rows):
    return lambda: connection.execute(
        f"create or replace temp table scores as select id, {' + '.join(NUMBERS)} as score from t{rows}"
    )


def limit_categories(connection, rows):
    lengths = " + ".join(f"length({name})" for name in CATEGORIES)
    return lambda: connection.execute(
        f"create or replace temp table scores as select id, {' + '.join(NUMBERS)} + {lengths} as score from t{rows}"
    )


def score_linear(connection, rows):
    scoring = compiled(connection, NUMBERS, "logistic")
    return lambda: create_scores(connection, rows, scoring)


def score_categories(connection, rows):
    scoring = compiled(connection, NUMBERS + CATEGORIES, "logistic")
    return lambda: create_scores(connection, rows, scoring)


def score_linear_sklearn(connection, rows):
    from sklearn.linear_model import LogisticRegression

    estimator = LogisticRegression().fit(*sample(connection, NUMBERS))
    return lambda: predict_arrow(connection, rows, NUMBERS, estimator.predict_proba)


def score_boosting(connection, rows):
    scoring = compiled(connection, NUMBERS, "additive_boosting", **BOOSTING)
    return lambda: create_scores(connection, rows, scoring)


def score_boosting_sklearn(connection, rows):
    from sklearn.ensemble import HistGradientBoostingClassifier

    estimator = HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=31, interaction_cst="no_interactions", early_stopping=False
    ).fit(*sample(connection, NUMBERS))
    return lambda: predict_arrow(connection, rows, NUMBERS, estimator.predict_proba)


def train(connection, rows):
    import ml_ledger.families  # noqa: F401  imports are not counted, as scikit-learn's are not

    return lambda: fit(connection, rows, NUMBERS, "logistic")


def train_sklearn(connection, rows):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    def run():
        table = connection.execute(f"select {', '.join([*NUMBERS, 'y'])} from t{rows}").to_arrow_table()
        X = np.column_stack([table.column(name).to_numpy() for name in NUMBERS])
        y = table.column("y").to_numpy()
        del table
        LogisticRegression().fit(StandardScaler(copy=False).fit_transform(X), y)

    return run


TASKS: dict[str, Task] = {
    task.__name__: task
    for task in (
        limit, limit_categories, score_linear, score_categories, score_linear_sklearn,
        score_boosting, score_boosting_sklearn, train, train_sklearn,
    )
}  # fmt: skip


def main() -> None:
    task, rows = sys.argv[1], int(sys.argv[2])
    connection = connect()
    make(connection, rows)
    run = TASKS[task](connection, rows)
    # A task that took much memory may have pushed the file out of the system's cache: read it once, uncounted.
    # By sums, because the engine knows largest values without reading.
    columns = [f"sum({name})" for name in NUMBERS] + [f"sum(length({name}))" for name in CATEGORIES]
    connection.execute(f"select {', '.join(columns)} from t{rows}").fetchall()
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    run()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"wall": wall, "cpu": cpu, "mb": after.ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
