"""The ML models that are scored: fitted by ml_ledger on the sample, and kept in files that peers can read."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
from data import FOLDER, NUMBERS, columns_of
from pydantic import TypeAdapter

from ml_ledger.declaration import FeatureSpec
from ml_ledger.families import FAMILIES
from ml_ledger.families.family import Fit
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

TREES = {"trees": 100, "leaves": 31}
# Family and hyperparameters of each model.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "numbers": ("logistic", {}),
    "categories": ("logistic", {}),
    "additive_boosting": ("additive_boosting", TREES),
    "boosting": ("boosting", TREES),
}


def fit(connection: duckdb.DuckDBPyConnection, table: str, model: str) -> Fit:
    """Fit a model on all rows of a table, as a versions node does."""
    family, hyperparameters = MODELS[model]
    adapter: TypeAdapter[Any] = TypeAdapter(FeatureSpec)
    kinds = {name: "numeric" if name in NUMBERS else "categorical" for name in columns_of(model)}
    relation = Relation(connection.sql(f"select * from {table}"), name="training_set")
    return FAMILIES[family].fit(
        training=TrainingRows(relation, where="true", label="y", key=("id",)),
        features={name: adapter.validate_python({"kind": kind}) for name, kind in kinds.items()},
        hyperparameters=FAMILIES[family].complete(hyperparameters),
        seed=0,
    )


def keep(model: str, fitted: Fit) -> None:
    scoring = compile_scoring(fitted.coefficients, link=fitted.link, dialect="duckdb", nodes=fitted.nodes)
    _file(model, "scoring").write_text(scoring.to_json(), encoding="utf-8")
    rows = [asdict(row) for row in fitted.coefficients]
    _file(model, "coefficients").write_text(json.dumps(rows), encoding="utf-8")


def kept(model: str) -> CompiledScoring:
    return CompiledScoring.from_json(_file(model, "scoring").read_text(encoding="utf-8"))


def _file(model: str, what: str) -> Path:
    return FOLDER / f"{model}-{what}.json"
