"""What additive families share: weights of design columns become coefficient rows over raw features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient, Link, require_finite
from ml_ledger.families.family import Family, Fit, Hyperparameter, is_number
from ml_ledger.families.linear.candidates import candidates_of, left_undetermined
from ml_ledger.families.linear.evidence import evidence_of
from ml_ledger.families.linear.evidence_of_classes import fitted_classes, jacobian_of_classes, ratio_of_classes
from ml_ledger.families.linear.inference import jacobian_of, with_tests
from ml_ledger.families.linear.joint_tests import likelihood_ratios, wald_tests
from ml_ledger.solvers.objectives import Objective
from ml_ledger.solvers.separation import Apart, minimise_apart
from ml_ledger.solvers.sums import asked_for
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import Term, learn_terms

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec

L1_RATIO = Hyperparameter(
    default=0.0,
    accepts=lambda value: is_number(value) and 0 <= value <= 1,
    allowed="a number from 0 (an L2 penalty) to 1 (L1); between, elastic net, as in scikit-learn",
)
MAX_ITER = Hyperparameter(
    default=100,
    accepts=lambda value: is_number(value) and isinstance(value, int) and value > 0,
    allowed="a whole number > 0",
)
ALPHA = Hyperparameter(
    default=0.0,
    accepts=lambda value: is_number(value) and 0 <= value < float("inf"),
    allowed="a number >= 0: the strength of the penalty on the mean loss, as in scikit-learn",
)


def regression_family(
    name: str, objective: Objective, link: Link, *, smallest_label: float | None = None, above: bool = False
) -> Family:
    """A family for amounts that differs from the others by its loss and link, and by the labels that it takes."""

    def fit(
        *,
        training: TrainingRows,
        features: Mapping[str, InputSpec],
        hyperparameters: Mapping[str, Any],
        seed: int,
    ) -> Fit:
        return fit_additive(
            training,
            features,
            objective,
            link,
            strength=hyperparameters["alpha"],
            per_row=True,
            l1_ratio=hyperparameters["l1_ratio"],
            max_iter=hyperparameters["max_iter"],
        )

    return Family(
        name=name,
        tasks=frozenset({"regression"}),
        hyperparameters={"alpha": ALPHA, "l1_ratio": L1_RATIO, "max_iter": MAX_ITER},
        fit=fit,
        smallest_label=smallest_label,
        above=above,
        directed=True,
    )


def fit_additive(
    training: TrainingRows,
    features: Mapping[str, InputSpec],
    objective: Objective,
    link: Link,
    *,
    strength: float,
    per_row: bool,
    l1_ratio: float,
    max_iter: int,
) -> Fit:
    """Learn the terms, fit one weight per design column, and return the rows of a single-output additive version.

    strength: of the penalty, on the summed loss or, with per_row, on the mean loss. l1_ratio: its L1 part.
    Without a penalty, rows carry standard errors and tests.
    """
    tested = strength == 0 and training.with_tests

    def solve(terms: Mapping[str, Term]) -> Apart:
        return minimise_apart(
            training,
            design_of(terms),
            objective,
            candidates_of(terms),
            standardised=[flag for term in terms.values() for flag in term.standardised()],
            strength=strength,
            per_row=per_row,
            l1_ratio=l1_ratio,
            max_iter=max_iter,
            exact_curvature=tested,
        )

    terms = learn_terms(features, training.relation, training.where)
    apart = solve(terms)
    solution, limit = apart.solution, apart.limit
    rows = coefficient_rows(
        terms, intercept=solution.intercept, weights=solution.weights.tolist(), means=solution.means.tolist()
    )
    about: dict[str, float] = {}
    if tested:
        evidence = evidence_of(training, apart, objective)
        rows = with_tests(rows, jacobian_of(terms, limit), evidence.covariance)
        about |= evidence.diagnostics
        if evidence.robust:
            about |= wald_tests(terms, limit.weights[None], evidence.covariance)
        else:
            about |= likelihood_ratios(
                terms,
                lambda others: evidence.ratio(objective, solve(others) if others else None, asked_for(limit.loss)),
            )

    def predict(design: Matrix) -> Vector:
        return objective.mu(solution.origin + design @ solution.weights)

    return Fit(
        coefficients=rows,
        link=link,
        design=solution.design,
        accepts=accepted_by(terms),
        predict=predict,
        diagnostics={
            "iterations": solution.iterations,
            "passes": solution.passes,
            "gradient": solution.gradient,
            **left_undetermined(apart.undetermined),
            **about,
        },
    )


def fit_classes(
    training: TrainingRows, features: Mapping[str, InputSpec], *, strength: float, l1_ratio: float, max_iter: int
) -> Fit:
    """The same with one output per class, by multinomial logistic regression. Arguments as `fit_additive`.

    Without a penalty, the coefficients of a class are contrasts to the first class, whose own are 0.
    """
    terms = learn_terms(features, training.relation, training.where)
    columns = design_of(terms)

    def options(terms: Mapping[str, Term]) -> dict[str, Any]:
        standardised = [flag for term in terms.values() for flag in term.standardised()]
        return {"standardised": standardised, "l1_ratio": l1_ratio, "max_iter": max_iter}

    fit = fitted_classes(training, columns, candidates_of(terms), strength=strength, **options(terms))
    solution = fit.solution
    rows: list[Coefficient] = []
    for name, intercept, weights in zip(training.classes, solution.intercepts, solution.weights, strict=True):
        rows += coefficient_rows(
            terms, intercept=intercept, weights=weights.tolist(), means=solution.means.tolist(), output=name
        )
    about: dict[str, float] = {}
    if fit.evidence is not None:
        rows = with_tests(rows, jacobian_of_classes(terms, solution), fit.evidence.covariance)
        about |= fit.evidence.diagnostics
        if fit.evidence.robust:
            about |= wald_tests(terms, asked_for(fit.weights), fit.evidence.covariance)
        else:
            about |= likelihood_ratios(
                terms,
                lambda others: ratio_of_classes(
                    training, fit, design_of(others), candidates_of(others), **options(others)
                ),
            )

    def predict(design: Matrix) -> Matrix:
        eta = solution.intercepts + design @ solution.weights.T
        odds = np.exp(eta - eta.max(axis=1, keepdims=True))
        shares: Matrix = odds / odds.sum(axis=1, keepdims=True)
        return shares

    return Fit(
        coefficients=rows,
        link="softmax",
        design=columns,
        accepts=accepted_by(terms),
        predict=predict,
        diagnostics={
            "iterations": solution.iterations,
            "passes": solution.passes,
            "gradient": solution.gradient,
            **left_undetermined(fit.undetermined),
            **about,
        },
    )


def design_of(terms: Mapping[str, Term]) -> list[str]:
    """SQL of the design columns of all terms, in order."""
    return [column for term in terms.values() for column in term.columns()]


def accepted_by(terms: Mapping[str, Term]) -> str:
    """SQL that is true for rows that every term accepts."""
    return " and ".join(term.accepts() for term in terms.values()) or "true"


def coefficient_rows(
    terms: Mapping[str, Term],
    *,
    intercept: float,
    weights: Sequence[float],
    means: Sequence[float],
    output: str = "score",
) -> list[Coefficient]:
    """The rows of one output of an additive version, intercept first.

    weights, means: one per design column, in the order of `design_of`. The mean contribution of a term over the
    training rows (`reference`) is linear in the means of its columns.
    """
    head = Coefficient(output=output, term=0, feature=None, applies_to="intercept", value=float(intercept))
    rows = [head]
    start = 0
    for number, term in enumerate(terms.values(), 1):
        stop = start + len(term.columns())
        mean = sum(mean * weight for mean, weight in zip(means[start:stop], weights[start:stop], strict=True))
        rows += [replace(row, reference=mean) for row in term.fitted(number, output, weights[start:stop])]
        start = stop
    require_finite(rows)
    return rows
