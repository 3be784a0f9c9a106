"""Learn bins for weight of evidence: fine bins by quantiles, counted by one query, merged to monotone ones.

Of all ways to merge neighbouring fine bins such that the weight of evidence only rises, or only falls, and that each
bin is large enough and has rows of both classes, the one with the largest information value is taken: exactly, by
dynamic programming over the last bin. Where no minimum binds, these are the level sets of isotonic regression (Barlow
et al. 1972), which pooling adjacent violators finds; with minima, pooling depends on the order in which bins are
joined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.sql_literals import double
from ml_ledger.terms.learn import even_shares, learn_inputs
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import NumericInput
from ml_ledger.terms.quantiles import distinct_quantiles
from ml_ledger.terms.weight_of_evidence import (
    BinEvidence,
    LevelEvidence,
    binned,
    information_value,
    smoothed_log_odds,
    weight_of_evidence,
)

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec, NumericFeature
    from ml_ledger.solvers.training_rows import TrainingRows

FINE_BINS = 20


def learn_evidence(
    features: Mapping[str, InputSpec], training: TrainingRows, *, smallest_share: float
) -> dict[str, BinEvidence | LevelEvidence]:
    """One term per feature, in order.

    smallest_share: of the weight of all rows that a bin of a number must hold, where that is possible; levels are
    joined by their `min_share` instead. Raises TrainingSetError naming every feature that nothing can be learned from.
    """
    inputs = learn_inputs(features, training.relation, training.where)
    # Order is all that bins follow.
    numbers = {
        name: replace(item, transform=None) for name, item in inputs.items() if isinstance(item, NumericInput)
    }
    inputs |= numbers
    declared = {name: feature for name, feature in features.items() if feature.kind == "numeric"}
    fine_edges = _fine_edges(numbers, declared, training)
    codes: dict[str, tuple[str, int]] = {}
    for name, item in inputs.items():
        if isinstance(item, LevelTerm):
            codes[name] = item.code(), max(item.codes().values()) + 1
        else:
            codes[name] = _fine_bin(binned(item), fine_edges[name]), len(fine_edges[name]) + 1
    terms: dict[str, BinEvidence | LevelEvidence] = {}
    for name, counts in counted(codes, training).items():
        item = inputs[name]
        edges: tuple[float, ...] = ()
        if isinstance(item, NumericInput):
            starts = merged_bins(
                counts[:-1],
                totals=counts.sum(axis=0),
                smallest_share=smallest_share,
                direction=declared[name].monotone,
            )
            edges = tuple(fine_edges[name][start - 1] for start in starts[1:])
            counts = np.vstack([np.add.reduceat(counts[:-1], starts), counts[-1:]])
        *evidence, if_missing = map(float, weight_of_evidence(counts))
        information = information_value(counts)
        if isinstance(item, LevelTerm):
            terms[name] = LevelEvidence(item, tuple(evidence), if_missing, information)
        else:
            terms[name] = BinEvidence(item, edges, tuple(evidence), if_missing, information)
    return terms


def _fine_edges(
    numbers: Mapping[str, NumericInput], features: Mapping[str, NumericFeature], training: TrainingRows
) -> dict[str, tuple[float, ...]]:
    """By feature inner edges as declared, or at quantiles that differ."""
    declared = {name: features[name].bins for name in numbers}
    wanted = {
        name: (binned(numbers[name]), even_shares(bins or FINE_BINS))
        for name, bins in declared.items()
        if not isinstance(bins, list)
    }
    learned = distinct_quantiles(wanted, training.relation, training.where)
    return {
        name: tuple(map(float, bins)) if isinstance(bins, list) else learned[name]
        for name, bins in declared.items()
    }


def _fine_bin(x: str, edges: Sequence[float]) -> str:
    """SQL of the number of a row's bin; NULL where x is."""
    cases = " ".join(f"when {x} < {double(edge)} then {index}" for index, edge in enumerate(edges))
    return f"case {cases} when {x} is not null then {len(edges)} end"


def counted(codes: Mapping[str, tuple[str, int]], training: TrainingRows) -> dict[str, Matrix]:
    """Per feature the weight of rows with label 1 and with label 0 by bin, (bins + 1) × 2; NULL is the last row.

    codes: SQL of the number of a row's bin, from 0, and how many bins there are. All features are counted by one query.
    """
    columns = ", ".join(f"{sql} as _ml_b{number}" for number, (sql, _) in enumerate(codes.values()))
    label = f"cast({training.label} as double)"
    numbers = range(len(codes))
    rows = training.relation.query(
        f"select {', '.join(f'_ml_b{j}, grouping(_ml_b{j}) as _ml_g{j}' for j in numbers)},"
        f" sum(_ml_positive) as _ml_positive, sum(_ml_negative) as _ml_negative"
        f" from (select _ml_weight * {label} as _ml_positive, _ml_weight * (1 - {label}) as _ml_negative, {columns}"
        f" from {training.relation.name} where {training.where}) as _ml_coded"
        f" group by grouping sets ({', '.join(f'(_ml_b{j})' for j in numbers)})"
    )
    counts = {name: np.zeros((bins + 1, 2)) for name, (_, bins) in codes.items()}
    for row in rows:
        number = next(j for j in numbers if not row[f"g{j}"])
        of_feature = list(counts.values())[number]
        of_feature[-1 if row[f"b{number}"] is None else row[f"b{number}"]] = row["positive"], row["negative"]
    return counts


def merged_bins(
    fine: Matrix,
    *,
    totals: Sequence[float] | Vector,
    smallest_share: float,
    direction: Literal["increasing", "decreasing"] | None,
) -> list[int]:
    """The first fine bin of each merged bin, ascending from 0; [0], a single bin, where the minima allow no more.

    fine: n × 2, the weight of label 1 and of label 0. totals: of both over all rows, those without a value included.
    direction: of the weight of evidence; None for the one that keeps more information value.
    """
    n = len(fine)
    before = np.vstack([np.zeros(2), np.cumsum(fine, axis=0)])
    # [i, j] is the bin that joins the fine bins i to j.
    counts = before[None, 1:] - before[:-1, None]
    present = np.vstack([np.zeros(2), np.cumsum(fine > 0, axis=0)])
    allowed = np.all(present[None, 1:] > present[:-1, None], axis=2)
    # 7 of 100 rows are 0.07 of them, whatever rounding says.
    allowed &= counts.sum(axis=2) >= smallest_share * np.sum(totals) * (1 - 1e-12)
    log_odds = np.full((n, n), np.nan)
    log_odds[allowed] = smoothed_log_odds(counts[allowed])
    # What the weight of evidence has on top of these log-odds is the same for all bins, and adds up to nothing.
    value = (counts[..., 0] / totals[0] - counts[..., 1] / totals[1]) * log_odds
    directions = [1, -1] if direction is None else [{"increasing": 1, "decreasing": -1}[direction]]
    solutions = [_best_bins(allowed, sign * log_odds, value) for sign in directions]
    return max(solutions, key=lambda solution: solution[0])[1]


def _best_bins(allowed: np.ndarray, order: Matrix, value: Matrix) -> tuple[float, list[int]]:
    """The largest sum of `value` over consecutive allowed bins of ascending `order`, and where they start."""
    n = len(value)
    best = np.full((n, n), -np.inf)  # [i, j]: of all ways to cover 0 to j whose last bin is i to j
    previous = np.zeros((n, n), dtype=int)  # [i, j]: where the bin before it starts
    for i in range(n):
        so_far = np.zeros(n)
        if i:
            ascends = order[:i, i - 1, None] < order[None, i, :]
            options = np.where(ascends, best[:i, i - 1, None], -np.inf)
            previous[i] = np.argmax(options, axis=0)
            so_far = np.max(options, axis=0)
        best[i] = np.where(allowed[i], value[i] + so_far, -np.inf)
    start, end = int(np.argmax(best[:, -1])), n - 1
    total = float(best[start, end])
    if total == -np.inf:
        return total, [0]
    starts = [start]
    while start:
        start, end = int(previous[start, end]), start - 1
        starts.insert(0, start)
    return total, starts
