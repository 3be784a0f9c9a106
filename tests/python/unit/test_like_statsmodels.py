"""Standard errors, tests, intervals and likelihoods are those of statsmodels, whose figures are kept."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import features
from figures_of_statsmodels import FIGURES, columns

from ml_ledger.families import FAMILIES
from ml_ledger.families.family import Fit
from ml_ledger.solvers import multinomial, newton
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-6
FOUND = json.loads(FIGURES.read_text())
FIELDS = ("estimate", "std_error", "p_value", "ci_low", "ci_high")
LIKELIHOOD = ("log_likelihood", "aic", "bic", "deviance", "null_deviance", "dispersion")
DECLARED = {
    "x": {"kind": "numeric"},
    "z": {"kind": "numeric"},
    "level": {"kind": "categorical", "reference": "a", "levels": ["a", "b", "c"]},
}


@pytest.fixture(params=["in memory", "in the warehouse"], autouse=True)
def path(request, monkeypatch) -> None:
    """Small sets are fitted in memory; with a small sample the same set takes passes in the warehouse."""
    if request.param == "in the warehouse":
        monkeypatch.setattr(newton, "SAMPLE_ROWS", 60)
        monkeypatch.setattr(multinomial, "SAMPLE_ROWS", 60)


def fitted(family: str, kind: str, declared: dict = DECLARED, with_tests: bool = True, **changes) -> Fit:
    data = columns()
    counted = kind not in ("none", "cluster") and (family, kind) != ("gamma", "exposed")
    weight = data["weight"] if counted else np.ones(len(data["x"]))
    table = pa.table(data | {"_ml_weight": weight, "id": np.arange(len(weight))} | changes)
    classes = family == "classes"
    chosen = FAMILIES["logistic" if classes else family]
    return chosen.fit(
        training=TrainingRows(
            Relation(duckdb.connect().from_arrow(table), name="t"),
            where="true",
            label=f"{family} / weight" if kind == "exposed" else family,
            key=("id",),
            task="multiclass" if classes else "binary",
            classes=("0", "1", "2") if classes else (),
            weights_are=kind
            if kind in ("sampling", "precision")
            else "sampling"
            if "sampled" in kind
            else "frequency",
            exposure="weight" if kind == "exposed" else None,
            with_tests=with_tests,
            cluster="person" if "cluster" in kind else "id",
        ),
        features=features(**declared),
        hyperparameters=chosen.complete({"C": "none"} if chosen.name == "logistic" else {}),
        seed=0,
    )


def said_of(fit: Fit) -> dict[str, list[float]]:
    """What is said of all rows but the reference level's, by field."""
    rows = [row for row in fit.coefficients if row.level != "a" and (fit.link != "softmax" or row.output != "0")]
    found = {name: [getattr(row, name) for row in rows] for name in FIELDS[1:]}
    return {"estimate": [row.value if row.slope is None else row.slope for row in rows]} | found


def family_and_kind(key: str) -> list[str]:
    return key.split(", ")


@pytest.mark.parametrize("key", FOUND["fits"])
def test_coefficients_are_tested_as_statsmodels_tests_them(key):
    fit = fitted(*family_and_kind(key))
    expected, got = FOUND["fits"][key], said_of(fit)
    for name in FIELDS:
        assert got[name] == pytest.approx(expected[name], rel=TOLERANCE, abs=1e-9), name
    for name in LIKELIHOOD:
        if name in expected:
            assert fit.diagnostics[name] == pytest.approx(expected[name], rel=TOLERANCE), name
    likely = {"log_likelihood", "aic", "bic"} & set(fit.diagnostics)
    assert bool(likely) == (key.split(", ")[1] not in ("sampling", "precision", "sampled clusters"))


@pytest.mark.parametrize("family", ["logistic", "linear", "poisson", "gamma", "classes"])
def test_the_unit_of_sampling_weights_and_precisions_does_not_matter(family):
    weight = columns()["weight"]
    for kind in ("sampling", "precision"):
        one, other = (said_of(fitted(family, kind, _ml_weight=weight * unit)) for unit in (1.0, 4000.0))
        for name in FIELDS:
            assert one[name] == pytest.approx(other[name], rel=TOLERANCE, abs=1e-9)
    once, often = (said_of(fitted(family, "frequency", _ml_weight=weight * unit)) for unit in (1.0, 100.0))
    assert often["std_error"] == pytest.approx([error / 10 for error in once["std_error"]], rel=0.02)


@pytest.mark.parametrize("family", ["logistic", "classes"])
def test_a_cluster_per_row_changes_nothing(family):
    once, again = said_of(fitted(family, "none")), said_of(fitted(family, "none", id=np.arange(240) * 3))
    for name in FIELDS:
        assert once[name] == pytest.approx(again[name], rel=TOLERANCE)
    assert "clusters" not in fitted(family, "none").diagnostics
    assert fitted(family, "cluster").diagnostics["clusters"] == 60


def test_the_first_class_is_the_reference_of_classes():
    rows = [row for row in fitted("classes", "none").coefficients if row.output == "0"]
    assert {(row.value or 0.0, row.slope or 0.0, row.std_error) for row in rows} == {(0.0, 0.0, None)}


@pytest.mark.parametrize("family", ["logistic", "classes"])
def test_many_columns_take_the_products_of_clusters_in_memory(family, monkeypatch):
    from ml_ledger.solvers import sums

    once = said_of(fitted(family, "cluster"))
    monkeypatch.setattr(sums, "MOST_PAIRED", 2)
    assert said_of(fitted(family, "cluster"))["std_error"] == pytest.approx(once["std_error"], rel=1e-9)


@pytest.mark.parametrize("family", FOUND["likelihood_ratio"])
def test_levels_are_tested_together_by_the_ratio_of_likelihoods(family):
    found = fitted(family, "none").diagnostics
    got = [found[f"lr_test.level.{name}"] for name in ("statistic", "df", "p_value")]
    assert got == pytest.approx(FOUND["likelihood_ratio"][family], rel=TOLERANCE)
    assert not [key for key in found if key.startswith(("lr_test.x", "wald_test"))]


def test_the_only_feature_is_tested_against_the_intercept_alone():
    for family in ("logistic", "linear", "gamma", "classes"):
        found = fitted(family, "none", {"level": DECLARED["level"]}).diagnostics
        more = found["null_deviance"] - found["deviance"]
        if family == "linear":
            more = 240 * np.log(found["null_deviance"] / found["deviance"])
        more /= found["dispersion"] if family == "gamma" else 1
        assert found["lr_test.level.statistic"] == pytest.approx(more, rel=1e-6)
        assert found["lr_test.level.df"] == (4 if family == "classes" else 2)


@pytest.mark.parametrize("family", ["logistic", "classes"])
def test_where_there_is_no_likelihood_levels_are_tested_by_their_covariance(family):
    """A test of one weight is the square of its own; with two levels the joint test is no less than either."""
    for kind in ("cluster", "sampling"):
        fit = fitted(family, kind)
        alone = [row.statistic**2 for row in fit.coefficients if row.level in ("b", "c") and row.statistic]
        assert fit.diagnostics["wald_test.level.statistic"] >= max(alone)
        assert fit.diagnostics["wald_test.level.df"] == len(alone)
        assert not [key for key in fit.diagnostics if key.startswith("lr_test")]


def test_nothing_is_tested_where_nobody_asks():
    for family in ("logistic", "classes"):
        fit = fitted(family, "none", with_tests=False)
        assert {row.std_error for row in fit.coefficients} == {None}
        assert set(fit.diagnostics) == {"iterations", "passes", "gradient"}
        tested = fitted(family, "none")
        for one, other in zip(fit.coefficients, tested.coefficients, strict=True):
            assert (one.slope or one.value or 0) == pytest.approx(other.slope or other.value or 0, abs=1e-8)
