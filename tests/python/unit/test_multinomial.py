"""Multinomial logistic regression inside DuckDB against scikit-learn."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import features
from scipy.special import softmax
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml_ledger.declaration import NumericFeature
from ml_ledger.errors import VersionError
from ml_ledger.families import FAMILIES
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.solvers import multinomial
from ml_ledger.solvers.newton_steps import newton_step
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-8
CLASSES = ("one", "two", "o'three")


@pytest.fixture(params=["in memory", "in the warehouse"])
def path(request, monkeypatch) -> str:
    if request.param == "in the warehouse":
        monkeypatch.setattr(multinomial, "SAMPLE_ROWS", 300)
    return request.param


def drawn(n: int = 4000, k: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, k)) * np.array([1, 100, 0.01, 1]) + np.array([0, 1e4, 0, 5])
    eta = np.column_stack([X[:, 0], (X[:, 1] - 1e4) / 100, -(X[:, 2]) * 100]) + random.gumbel(size=(n, 3))
    return X, eta.argmax(axis=1).astype(float)


def rows_of(X: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> TrainingRows:
    data = {f"x{j}": X[:, j] for j in range(X.shape[1])}
    data |= {"y": y, "_ml_weight": np.ones(len(y)) if weight is None else weight, "id": np.arange(len(y))}
    relation = Relation(duckdb.connect().from_arrow(pa.table(data)), name="training_set")
    return TrainingRows(relation, where="true", label="y", key=("id",), task="multiclass", classes=CLASSES)


def scores(rows: TrainingRows, declared, **hyperparameters) -> tuple[np.ndarray, dict]:
    family = FAMILIES["logistic"]
    fit = family.fit(training=rows, features=declared, hyperparameters=family.complete(hyperparameters), seed=0)
    scoring = compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb")
    (got,), design = rows.relation.scores([scoring], fit.design, where=rows.where)
    assert np.nanmax(np.abs(got - fit.predict(np.column_stack(design)))) < 1e-12
    assert [output.name for output in scoring.outputs] == list(CLASSES)
    return got, fit.diagnostics


def numeric(X: np.ndarray) -> dict[str, NumericFeature]:
    return {f"x{j}": NumericFeature(kind="numeric") for j in range(X.shape[1])}


@pytest.mark.parametrize(("C", "l1_ratio"), [(1.0, 0.0), (0.01, 0.0), (0.02, 1.0), (0.02, 0.5), ("none", 0.0)])
def test_probabilities_are_those_of_scikit_learn(path, C, l1_ratio):
    X, y = drawn()
    got, diagnostics = scores(rows_of(X, y), numeric(X), C=C, l1_ratio=l1_ratio)
    penalty = {"C": np.inf} if C == "none" else {"C": C, "l1_ratio": l1_ratio}
    solver = "saga" if l1_ratio else "newton-cg"
    oracle = LogisticRegression(**penalty, solver=solver, tol=1e-11, max_iter=20_000, random_state=0)
    expected = make_pipeline(StandardScaler(), oracle).fit(X, y).predict_proba(X)
    assert np.max(np.abs(got - expected)) < (1e-6 if l1_ratio else TOLERANCE)
    assert diagnostics["gradient"] < 1e-9
    assert (diagnostics["passes"] > 0) == (path == "in the warehouse")
    assert diagnostics["passes"] < 25


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4])
def test_the_loss_is_that_of_all_rows_with_its_penalty(path, l1_ratio):
    X, y = drawn()
    weight = np.random.default_rng(3).uniform(0.5, 2, len(y))
    found = multinomial.minimise_classes(
        rows_of(X, y, weight),
        [f"x{j}" for j in range(4)],
        standardised=[True, True, False, True],
        strength=50.0,
        l1_ratio=l1_ratio,
        max_iter=100,
    )
    chance = softmax(found.intercepts + X @ found.weights.T, axis=1)[np.arange(len(y)), y.astype(int)]
    deviation = np.sqrt(np.diag(np.cov(X.T, aweights=weight, ddof=0)))
    penalised = found.weights * np.where([True, True, False, True], deviation, 1.0)
    penalty = 50 * np.sum(l1_ratio * np.abs(penalised) + (1 - l1_ratio) / 2 * penalised**2)
    assert found.loss == pytest.approx(penalty - weight @ np.log(chance), rel=1e-9)


def test_weights_count_like_copies(path):
    X, y = drawn(n=1500)
    weight = np.random.default_rng(1).integers(1, 4, len(y))
    weighted, _ = scores(rows_of(X, y, weight.astype(float)), numeric(X))
    copied, _ = scores(rows_of(np.repeat(X, weight, axis=0), np.repeat(y, weight)), numeric(X))
    assert np.max(np.abs(np.repeat(weighted, weight, axis=0) - copied)) < TOLERANCE


def test_real_data_with_a_constant_and_a_collinear_column(path):
    X, y = load_wine(return_X_y=True)
    X = np.column_stack([X, np.full(len(X), 7.0), X[:, 0] * 2])
    got, _ = scores(rows_of(X, y), numeric(X), C=0.5)
    oracle = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, solver="newton-cg", tol=1e-11))
    assert np.max(np.abs(got - oracle.fit(X, y).predict_proba(X))) < TOLERANCE


def test_levels_and_missing_values(path):
    X, y = drawn()
    random = np.random.default_rng(2)
    level = random.choice(["a", "b", "o'c"], len(y))
    x = np.where(random.random(len(y)) < 0.1, np.nan, X[:, 0])
    table = pa.table(
        {
            "x": pa.array(x, from_pandas=True),
            "level": level,
            "y": y,
            "_ml_weight": np.ones(len(y)),
            "id": np.arange(len(y)),
        }
    )
    declared = features(x={"kind": "numeric", "missing": "own_level"}, level={"kind": "categorical"})
    rows = TrainingRows(
        Relation(duckdb.connect().from_arrow(table), name="training_set"),
        where=f"not ({rejected_by_declaration(declared)})",
        label="y",
        key=("id",),
        task="multiclass",
        classes=CLASSES,
    )
    got, _ = scores(rows, declared)
    filled = np.where(np.isnan(x), np.nanmean(x), x)
    most = max(set(level), key=list(level).count)
    one_hot = [(level == other).astype(float) for other in ("a", "b", "o'c") if other != most]
    standard = (filled - filled.mean()) / filled.std()
    design = np.column_stack([standard, np.isnan(x).astype(float), *one_hot])
    oracle = LogisticRegression(solver="newton-cg", tol=1e-11).fit(design, y)
    assert np.max(np.abs(got - oracle.predict_proba(design))) < TOLERANCE


@pytest.fixture
def steps(monkeypatch) -> list[int]:
    """One item for each step that is solved."""
    solved: list[int] = []

    def counted(*args):
        solved.append(1)
        return newton_step(*args)

    monkeypatch.setattr(multinomial, "newton_step", counted)
    return solved


def test_every_step_is_an_iteration(path, steps):
    X, y = drawn()
    _, diagnostics = scores(rows_of(X, y), numeric(X))
    assert diagnostics["iterations"] == len(steps) > 3


def test_steps_that_only_rounding_keeps_from_ending_are_iterations(path, steps, monkeypatch):
    monkeypatch.setattr(multinomial, "TOLERANCE", 0.0)
    X, y = drawn()
    _, diagnostics = scores(rows_of(X, y), numeric(X))
    assert diagnostics["iterations"] == len(steps) < 50
    assert diagnostics["gradient"] < multinomial.ACCEPTABLE


def test_what_does_not_converge_is_refused(path, steps):
    X, y = drawn()
    with pytest.raises(VersionError, match=r"did not converge.* after \d+ iterations") as refused:
        scores(rows_of(X, y), numeric(X), max_iter=1)
    assert f"after {len(steps)} iterations" in str(refused.value)
