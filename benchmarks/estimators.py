"""The same ML models as scikit-learn estimators, for scikit-learn itself and for the peers that translate them."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from data import CATEGORIES, FOLDER, NUMBERS, SAMPLE_ROWS, matrix, reference_of, sample, table_of
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# Leaves of the same trees, summed over other bins.
SAME = 1e-12


def of(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Any:
    """The estimator of a model. rows: of the table whose reference scores prove that it is the same."""
    if model == "numbers":
        return numbers(connection)
    if model == "categories":
        return categories(connection)
    return boosting(connection, model, rows)


def input_of(model: str, batch: pa.RecordBatch) -> Any:
    """What the estimator of a model takes, from an Arrow batch."""
    return batch.to_pandas() if model == "categories" else matrix(batch)


def numbers(connection: duckdb.DuckDBPyConnection) -> Pipeline:
    """Scaled numbers into a logistic regression, over an n × 20 matrix, with ml_ledger's coefficients."""
    data = sample(connection, NUMBERS)
    pipeline = Pipeline([("scaled", StandardScaler()), ("logistic", LogisticRegression())])
    pipeline.fit(matrix(data), data.column("y").to_numpy())
    _set_coefficients(pipeline[-1], "numbers", pipeline["scaled"], [])
    return pipeline


def categories(connection: duckdb.DuckDBPyConnection) -> Pipeline:
    """The same and categories, one column per level, over a data frame."""
    data = sample(connection, NUMBERS + CATEGORIES).to_pandas()
    prepared = ColumnTransformer([("numbers", StandardScaler(), NUMBERS), ("levels", OneHotEncoder(), CATEGORIES)])
    pipeline = Pipeline([("prepared", prepared), ("logistic", LogisticRegression(max_iter=10))])
    pipeline.fit(data[NUMBERS + CATEGORIES], data["y"])
    by_name = prepared.named_transformers_
    levels = zip(CATEGORIES, by_name["levels"].categories_, strict=True)
    _set_coefficients(
        pipeline[-1], "categories", by_name["numbers"], [(name, level) for name, all_ in levels for level in all_]
    )
    return pipeline


def _set_coefficients(
    logistic: LogisticRegression, model: str, scaler: StandardScaler, levels: list[tuple[str, str]]
) -> None:
    rows = _rows(model)
    slopes = {row["feature"]: row["slope"] for row in rows if row["applies_to"] == "value"}
    values = {(row["feature"], row["level"]): row["value"] or 0.0 for row in rows if row["applies_to"] == "level"}
    (intercept,) = (row["value"] for row in rows if row["applies_to"] == "intercept")
    raw = np.array([slopes[name] for name in NUMBERS])
    logistic.coef_ = np.array([[*(raw * scaler.scale_), *(values[level] for level in levels)]])
    logistic.intercept_ = np.array([intercept + raw @ scaler.mean_])


def bare(pipeline: Pipeline) -> LogisticRegression:
    """The logistic regression of `numbers` over raw numbers: the scaling is folded into its coefficients."""
    scaled, logistic = pipeline["scaled"], pipeline[-1]
    folded = LogisticRegression()
    folded.classes_ = logistic.classes_
    folded.coef_ = logistic.coef_ / scaled.scale_
    folded.intercept_ = logistic.intercept_ - folded.coef_ @ scaled.mean_
    return folded


def boosting(connection: duckdb.DuckDBPyConnection, model: str, rows: int) -> HistGradientBoostingClassifier:
    """Fitted anew on the sample; raises ValueError unless it scores as the estimator behind ml_ledger's version."""
    data = sample(connection, NUMBERS)
    additive = model == "additive_boosting"
    estimator = HistGradientBoostingClassifier(
        max_iter=100,
        max_leaf_nodes=31,
        early_stopping=False,
        interaction_cst="no_interactions" if additive else None,
        random_state=0,
    )
    design, label, weight = matrix(data), data.column("y").to_numpy(), np.ones(SAMPLE_ROWS)
    if additive:
        _fit_on_bins(estimator, design, label, weight)
    else:
        estimator.fit(design, label, sample_weight=weight)
    some = connection.sql(
        f"select * from {table_of(rows)} inner join {reference_of(model, rows)} using (id) limit 10000"
    ).to_arrow_table()
    scores = estimator.predict_proba(matrix(some))[:, 1]
    off = float(np.max(np.abs(scores - some.column("score").to_numpy())))
    if off > SAME:
        raise ValueError(
            f"{model}: the estimator is not the one behind ml_ledger's version; got scores {off:.1g} off"
        )
    return estimator


def _fit_on_bins(
    estimator: HistGradientBoostingClassifier, design: np.ndarray, label: np.ndarray, weight: np.ndarray
) -> None:
    """Fit on the numbers of bins, as ml_ledger does, whose edges are the version's; then split on numbers instead."""
    edges = [
        np.array(sorted(row["lower"] for row in coefficients if row["lower"] is not None))
        for coefficients in (
            [row for row in _rows("additive_boosting") if row["feature"] == name] for name in NUMBERS
        )
    ]
    bins = [np.searchsorted(edges[j], design[:, j], side="right") for j in range(len(NUMBERS))]
    estimator.fit(np.column_stack(bins).astype(float), label, sample_weight=weight)
    for (tree,) in estimator._predictors:
        for split in np.flatnonzero(tree.nodes["is_leaf"] == 0):
            of_feature = edges[tree.nodes["feature_idx"][split]]
            edge = of_feature[int(tree.nodes["num_threshold"][split])]
            # Up to bin k is below edge k.
            tree.nodes["num_threshold"][split] = np.nextafter(edge, -np.inf)


def _rows(model: str) -> list[dict[str, Any]]:
    """The coefficient rows of ml_ledger's version."""
    return json.loads((FOLDER / f"{model}-coefficients.json").read_text(encoding="utf-8"))
