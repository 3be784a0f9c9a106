"""Features as whole numbers that fit into one byte: bins of numbers, codes of levels. NULL stays NULL.

Edges lie midway between neighbouring values: between all of them where a feature has few, else at quantiles, as
scikit-learn's HistGradientBoosting lays them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ml_ledger.coefficients import Coefficient
from ml_ledger.errors import Problem, TrainingSetError, raise_if_any
from ml_ledger.scoring.term_sql import contribution
from ml_ledger.scoring.words import rendered
from ml_ledger.sql_literals import double
from ml_ledger.terms.learn import learn_inputs
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import NumericInput
from ml_ledger.terms.quantiles import ROUNDING, weights_differ
from ml_ledger.terms.step_functions import bin_rows, level_rows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec
    from ml_ledger.solvers.training_rows import TrainingRows

# Of more rows than this, edges are learned from a part, as scikit-learn does.
ROWS_FOR_EDGES = 200_000


@dataclass(frozen=True)
class CodedFeature:
    """A feature and its codes, from 0.

    edges: of a number, inner ones, ascending: code i is edges[i - 1] <= x < edges[i]. Levels have codes of their own.
    """

    input: NumericInput | LevelTerm
    edges: tuple[float, ...] = ()

    @property
    def has_levels(self) -> bool:
        """Whether codes stand for levels, and have no order."""
        return isinstance(self.input, LevelTerm)

    @property
    def count(self) -> int:
        """How many codes there are."""
        if isinstance(self.input, LevelTerm):
            return max(self.input.codes().values()) + 1
        return len(self.edges) + 1

    def code(self, dialect: str) -> str:
        """SQL of a row's code; NULL for a NULL that is not filled, and where a policy rejects the row."""
        if isinstance(self.input, LevelTerm):
            return self.input.code()
        item = self.input
        if item.missing == "own_level":
            item = replace(item, missing="reject")
        # The bins, as coefficient rows that are worth their numbers.
        rows = bin_rows(item, self.edges, range(self.count), 0.0, output="", number=0)
        return rendered(contribution(rows, dialect), dialect)

    def rows(self, values: Sequence[float], if_missing: float, *, output: str, number: int) -> list[Coefficient]:
        """The rows of a term that adds `values[code]`, with neighbouring bins of the same value joined.

        if_missing: what a NULL with a value of its own adds. number: of the term.
        """
        if isinstance(self.input, LevelTerm):
            return level_rows(self.input, values, if_missing, output=output, number=number)
        keep = [index for index in range(len(self.edges)) if values[index] != values[index + 1]]
        edges, kept = [self.edges[index] for index in keep], [values[index] for index in (*keep, -1)]
        return bin_rows(self.input, edges, kept, if_missing, output=output, number=number)


def learn_codes(
    features: Mapping[str, InputSpec], training: TrainingRows, *, bins: int
) -> dict[str, CodedFeature]:
    """Codes of each feature, at most `bins` of them.

    Raises TrainingSetError naming every feature that nothing can be learned from, or that has more levels.
    """
    # Order is all that bins follow.
    inputs = {
        name: replace(item, transform=None) if isinstance(item, NumericInput) else item
        for name, item in learn_inputs(features, training.relation, training.where).items()
    }
    numbers = {name: item for name, item in inputs.items() if isinstance(item, NumericInput)}
    edges = _edges(numbers, training, bins)
    coded = {name: CodedFeature(item, edges.get(name, ())) for name, item in inputs.items()}
    require_few_levels({name: item.count for name, item in coded.items()}, bins)
    return coded


def require_few_levels(counts: Mapping[str, int], bins: int) -> None:
    """Raise TrainingSetError naming every feature with more codes than bins, or return."""
    problems = [
        Problem(
            f"features.{name}",
            "has more levels than the family takes",
            str(count),
            f"up to {bins}, the hyperparameter bins",
            "declare min_share, so that rare levels share one value, or raise bins (up to 255)",
        )
        for name, count in counts.items()
        if count > bins
    ]
    raise_if_any(problems, TrainingSetError, "Features cannot be learned from this training set")


def _edges(inputs: Mapping[str, NumericInput], training: TrainingRows, bins: int) -> dict[str, tuple[float, ...]]:
    """Per number its edges, by one query: of each value after which one lies, that value and the next."""
    if not inputs:
        return {}
    items = list(inputs.values())
    values = ", ".join(item.completed() if item.missing == "impute" else item.bounded() for item in items)
    rows, where = training.relation, training.part(ROWS_FOR_EDGES)
    weighted = weights_differ(rows, where)
    # What rounding leaves of sums of weights decides about no edge.
    part = (
        f"floor({{}} / _ml_total * {double(bins * (1 + ROUNDING))})" if weighted else f"{{}} * {bins} // _ml_total"
    )
    found = rows.query(
        "with _ml_numbers as ("
        f"select unnest(range({len(items)})) as _ml_feature, unnest([{values}]) as _ml_value, _ml_weight"
        f" from {rows.name} where {where}),"
        f" _ml_counted as (select _ml_feature, _ml_value, {'sum(_ml_weight)' if weighted else 'count(*)'} as _ml_n"
        " from _ml_numbers where"
        " isfinite(_ml_value) group by _ml_feature, _ml_value),"
        " _ml_running as (select _ml_feature, _ml_value, _ml_n, lead(_ml_value) over _ml_by_value as"
        " _ml_following, sum(_ml_n) over _ml_by_value as _ml_upto,"
        " sum(_ml_n) over (partition by _ml_feature) as _ml_total, count(*) over (partition by"
        " _ml_feature) as _ml_different"
        " from _ml_counted window _ml_by_value as (partition by _ml_feature order by _ml_value))"
        " select _ml_feature, _ml_value, _ml_following from _ml_running where _ml_following is not null"
        f" and (_ml_different <= {bins} or {part.format('_ml_upto')} > {part.format('(_ml_upto - _ml_n)')})"
        " order by _ml_feature, _ml_value"
    )
    edges: dict[str, list[float]] = {name: [] for name in inputs}
    names = list(inputs)
    for row in found:
        edges[names[row["feature"]]].append(_between(float(row["value"]), float(row["following"])))
    return {name: tuple(of_feature) for name, of_feature in edges.items()}


def _between(below: float, above: float) -> float:
    """The middle of two numbers, or `above` where no double lies between: below < edge <= above."""
    middle = below / 2 + above / 2
    return middle if below < middle < above else above
