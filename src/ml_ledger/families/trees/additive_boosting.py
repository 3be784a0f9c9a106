"""Boosted trees without interactions but chosen ones, collapsed exactly into a step function per feature.

On the path to a leaf lies one feature only, or a declared pair; so the sum of all leaves is a step function of each
feature and a table of each pair: the cost of scoring does not grow with the number of trees, and every effect can be
read. Fitted by scikit-learn's HistGradientBoosting with `interaction_cst` (Lou et al. 2012 call such models additive;
with pairs, 2013, GA2M), on bins that the warehouse makes: Python holds one byte per value until the estimator needs
numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Codes, Matrix, Vector
from ml_ledger.coefficients import Coefficient, pair_name
from ml_ledger.errors import Problem, TrainingSetError, did_you_mean, listed, raise_if_any
from ml_ledger.families.family import Family, Fit, Hyperparameter
from ml_ledger.families.trees.ensembles import outputs_of
from ml_ledger.families.trees.histogram_boosting import (
    HYPERPARAMETERS,
    encoded,
    estimator_of,
    fit,
    link_of,
    loss_problems,
    predicted,
)
from ml_ledger.families.trees.leaves import leaves_of
from ml_ledger.solvers.training_rows import NO_CODE, TrainingRows
from ml_ledger.terms.codes import CodedFeature, learn_codes
from ml_ledger.terms.pairs import MAXIMUM_CELLS, pair_rows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    coded = learn_codes(features, training, bins=hyperparameters["bins"])
    items = list(coded.values())
    names = list(coded)
    pairs = [(names.index(one), names.index(other)) for one, other in hyperparameters["pairs"]]
    estimator = estimator_of(
        training.task,
        [item.has_levels for item in items],
        features,
        hyperparameters,
        seed,
        interaction_cst=_groups(items, pairs) if pairs else "no_interactions",
    )
    design = [item.code(training.relation.dialect) for item in items]
    codes, label, weight = training.fetch_codes(design, in_order=True)
    weights = [np.bincount(of_feature, weight, minlength=NO_CODE + 1).astype(np.float64) for of_feature in codes]
    joint = {
        (a, b): _joint_weights((codes[a], codes[b]), (items[a].count, items[b].count), weight) for a, b in pairs
    }
    # Single precision holds codes exactly. With levels, the estimator makes doubles of its own either way.
    kind = np.float32 if any(item.has_levels for item in items) else np.float64
    fit(estimator, _numbers(codes, kind), label, weight)
    rows: list[Coefficient] = []
    for number, name in enumerate(outputs_of(training)):
        rows += _collapsed(estimator, number, name, items, weights, joint)
    _refuse_large(rows)

    def predict(design: Matrix) -> Vector:
        return predicted(estimator, training.task, design)

    return Fit(
        coefficients=rows,
        link=link_of(training.task, hyperparameters),
        design=design,
        accepts=" and ".join(item.input.accepts() for item in items),
        predict=predict,
        diagnostics={"trees": float(estimator.n_iter_), "rows": float(len(label))},
    )


def _groups(items: Sequence[CodedFeature], pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Which features may meet on a path: none but pairs, by the estimator's numbering.

    scikit-learn translates the numbers of monotone features to that numbering, but not those of groups.
    """
    place = {position: number for number, position in enumerate(_order(items))}
    return [*([number] for number in range(len(items))), *([place[a], place[b]] for a, b in pairs)]


def _numbers(codes: list[Codes], kind: type[np.floating]) -> NDArray[np.floating]:
    """Codes as the estimator takes them, with NaN for NULL: n × k. Empties the list."""
    design = np.empty((len(codes[0]), len(codes)), kind)
    for column in range(len(codes)):
        of_feature = codes.pop(0)
        design[:, column] = of_feature
        design[of_feature == NO_CODE, column] = np.nan
    return design


def _collapsed(
    estimator: Any,
    number: int,
    output: str,
    items: Sequence[CodedFeature],
    weights: Sequence[Vector],
    pairs: Mapping[tuple[int, int], Matrix],
) -> list[Coefficient]:
    """The rows of one output of the ensemble: the sum of its leaves, by the features on their paths.

    weights: per feature the weight of training rows by code. pairs: by positions of two features the same, by both
    codes.
    """
    intercept = float(np.ravel(estimator._baseline_prediction)[number])
    order = _order(items)
    values = [_as_taken(estimator, place, items[position]) for place, position in enumerate(order)]
    singles = [np.zeros(item.count + 1) for item in items]
    tables = {(a, b): np.zeros((items[a].count + 1, items[b].count + 1)) for a, b in pairs}
    for iteration in estimator._predictors:
        for leaf in leaves_of(iteration[number], values):
            box = {order[feature]: within for feature, within in leaf.box.items()}
            if not box:
                intercept += leaf.value
            elif len(box) == 1:
                ((position, within),) = box.items()
                singles[position][within] += leaf.value
            else:
                a, b = next(pair for pair in tables if set(pair) == set(box))
                tables[a, b][np.ix_(box[a], box[b])] += leaf.value
    rows = [Coefficient(output=output, term=0, feature=None, applies_to="intercept", value=intercept)]
    for position, item in enumerate(items):
        *of_codes, if_missing = singles[position].tolist()
        occurring = weights[position]
        contributions = np.array([*of_codes, *[0.0] * (NO_CODE - item.count), if_missing])
        reference = float(occurring @ contributions / occurring.sum())
        steps = item.rows(of_codes, if_missing, output=output, number=position + 1)
        rows += [replace(row, reference=reference) for row in steps]
    for term, ((a, b), occurring) in enumerate(pairs.items(), len(items) + 1):
        reference = float((occurring * tables[a, b]).sum() / occurring.sum())
        cells = pair_rows(items[a], items[b], tables[a, b], output=output, number=term)
        rows += [replace(row, reference=reference) for row in cells]
    return rows


def _order(items: Sequence[CodedFeature]) -> list[int]:
    """Positions of the features in the order in which HistGradientBoosting numbers them: those with levels first."""
    return sorted(range(len(items)), key=lambda position: not items[position].has_levels)


def _as_taken(estimator: Any, place: int, item: CodedFeature) -> Vector:
    """The codes of a feature as the estimator takes them, and NaN. place: by the estimator's numbering."""
    codes = range(item.count)
    x = encoded(estimator, place, codes) if item.has_levels else np.array(codes, dtype=float)
    return np.append(x, np.nan)


def _joint_weights(codes: Sequence[Codes], counts: tuple[int, int], weight: Vector) -> Matrix:
    """The weight of training rows by the codes of two features, NULL last."""
    one, other = codes
    both = one.astype(np.uint16) * (NO_CODE + 1) + other
    table = np.bincount(both, weight, minlength=(NO_CODE + 1) ** 2).astype(np.float64)
    return table.reshape(NO_CODE + 1, NO_CODE + 1)[np.ix_(*([*range(count), NO_CODE] for count in counts))]


def _refuse_large(rows: Sequence[Coefficient]) -> None:
    """Raise TrainingSetError naming every pair that has too many cells."""
    cells = Counter((row.output, row.name) for row in rows if row.other_feature is not None)
    largest: dict[str | None, int] = {}
    for (_, name), count in cells.items():
        largest[name] = max(count, largest.get(name, 0))
    problems = [
        Problem(
            f"hyperparameters.pairs: {name}",
            "has more cells than a version takes",
            f"{count:,}",
            f"up to {MAXIMUM_CELLS:,}",
            "declare fewer bins or leaves, or min_share for categories with many levels",
        )
        for name, count in largest.items()
        if count > MAXIMUM_CELLS
    ]
    raise_if_any(problems, TrainingSetError, "Pairs cannot be kept as rows")


def _are_pairs(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(name, str) for name in pair) for pair in value
    )


def _pair_problems(
    where: str, *, hyperparameters: Mapping[str, Any], features: Mapping[str, Any], task: object
) -> Sequence[Problem]:
    """Pairs of what are no two features that can be paired, and pairs that are declared twice."""
    pairs = hyperparameters.get("pairs", [])
    if not _are_pairs(pairs):
        return []  # reported already
    problems = []
    for number, (one, other) in enumerate(pairs):
        path = f"{where}.hyperparameters.pairs[{number}]"
        for name in dict.fromkeys((one, other)):
            if name not in features:
                fix = did_you_mean(name, features)
                problems.append(
                    Problem(path, "is not a feature that it may use", repr(name), listed(features), fix)
                )
            elif isinstance(features[name], Mapping) and features[name].get("kind") == "date":
                what = "is a date, each part of which is a term of its own"
                fix = "make the part a column of the feature model, declare it categorical, and pair that"
                problems.append(Problem(path, what, repr(name), "numeric, categorical and boolean features", fix))
        if one == other:
            fix = "name two features"
            problems.append(Problem(path, "pairs a feature with itself", repr(one), fix=fix))
        if any({one, other} == set(earlier) for earlier in pairs[:number]):
            problems.append(Problem(path, "is declared twice", repr([one, other]), fix="remove one of them"))
        if pair_name(one, other) in features:
            what = "would be called as a feature is"
            problems.append(Problem(path, what, repr(pair_name(one, other)), fix="rename the feature"))
    of_loss = loss_problems(where, hyperparameters=hyperparameters, features=features, task=task)
    return [*problems, *of_loss]


FAMILY = Family(
    name="additive_boosting",
    tasks=frozenset({"binary", "multiclass", "regression"}),
    hyperparameters=HYPERPARAMETERS
    | {
        "pairs": Hyperparameter(
            default=[],
            accepts=_are_pairs,
            allowed="a list of pairs of features, [[recency_days, plan]] for example",
        )
    },
    fit=_fit,
    problems=_pair_problems,
    feature_keys=frozenset({"monotone"}),
    directed=True,
)
