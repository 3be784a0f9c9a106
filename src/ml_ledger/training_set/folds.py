"""Folds of the training rows: parts that are predicted by a fit on others, in the order of time or by entity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, takewhile
from typing import Any

import numpy as np
from scipy.stats import t as student

from ml_ledger.declaration import MLModelSpec
from ml_ledger.sql_literals import literal
from ml_ledger.training_set.calendar_periods import period_start
from ml_ledger.warehouse import Relation, quoted

# Where the as-of dates that would be predicted have less than this share of the training rows on average, they are put
# together into parts of comparable size: of daily dates a few days would say which algorithm is best.
SMALL = 0.02
# A fold with less than this share of the training rows is said to be tiny.
TINY = 0.01
# Conditions name so many as-of dates at most.
MOST_NAMED = 1000


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to predict, as SQL conditions.

    share: which part of the training rows is predicted. repeat: of folds by entity, at which of the times that all
    entities are split, from 1.
    """

    name: str
    train: str
    predict: str
    share: float
    repeat: int | None = None


def folds_of(spec: MLModelSpec, rows: Relation) -> list[Fold]:
    """Parts of the train split, each predicted from as-of dates whose labels had matured when it began.

    By default the last as-of dates, or, where these are small, parts of comparable size; else the last periods, or
    entities. Where nothing had matured: with a relaxed embargo from all earlier as-of dates, else the fold is left out.
    With one as-of date, or no fold left, the entities are split into parts instead.
    """
    declared = spec.cross_validation
    if declared.of == "entity":
        return _entity_folds(spec, declared.folds, declared.repeats or 1)
    as_of = f"cast({quoted(spec.as_of)} as timestamp)"
    dates = rows.query(
        f"select {as_of} as _ml_as_of, max(_ml_matured_at) as _ml_matured_at, count(*) as _ml_n"
        f" from {rows.name} where _ml_split = 'train' group by 1 order by 1"
    )
    total = sum(date["n"] for date in dates)
    folds = []
    for part in _parts(spec, dates)[1:][-declared.folds :]:
        first, last = part[0]["as_of"], part[-1]["as_of"]
        earlier = [date for date in dates if date["as_of"] < first]
        matured = [date for date in earlier if date["matured_at"] <= first]
        used = matured or (earlier if spec.evaluation.embargo == "relaxed" else [])
        if used:
            one = f"{as_of} = {_moment(first)}"
            several = f"{as_of} >= {_moment(first)} and {as_of} <= {_moment(last)}"
            folds.append(
                Fold(
                    name=f"as of {_shown(first)}" + (f" to {_shown(last)}" if last > first else ""),
                    train=f"_ml_split = 'train' and {_among(as_of, used, earlier)}",
                    predict=f"_ml_split = 'train' and {several if last > first else one}",
                    share=sum(date["n"] for date in part) / total,
                )
            )
    return folds or _entity_folds(spec, max(2, declared.folds), 1)


def once(folds: Sequence[Fold]) -> list[Fold]:
    """Folds that predict each row once at most."""
    return [fold for fold in folds if fold.repeat in (None, 1)]


def tiny(folds: Sequence[Fold]) -> str | None:
    """What to say of folds that are tiny."""
    found = [fold for fold in folds if fold.share < TINY]
    if not found:
        return None
    named = ", ".join(f"{fold.name} ({fold.share:.1%})" for fold in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"tiny folds: {named}{more} of the training rows decide with; cross_validation.of makes larger ones"


def corrected_interval(values: Sequence[float], folds: int) -> tuple[float, float, float]:
    """Mean of a figure over repeated k-fold cross-validation, and its 95 % interval.

    values: of each fold of each repeat. folds: k. Fits share most of their rows, so that the variance S² of J values
    says too little of that of their mean: it is (1 / J + rows predicted / rows fitted) S² (Nadeau and Bengio, 2003),
    with Student's t of J - 1 degrees of freedom (Bouckaert and Frank, 2004). No estimate is without bias (Bengio and
    Grandvalet, 2004).
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, math.nan, math.nan
    variance = (1 / len(values) + 1 / (folds - 1)) * float(np.var(values, ddof=1))
    half = float(student.ppf(0.975, len(values) - 1)) * math.sqrt(variance)
    return mean, mean - half, mean + half


def _parts(spec: MLModelSpec, dates: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The as-of dates, in order, in the parts of which the last ones are predicted."""
    of, folds = spec.cross_validation.of, spec.cross_validation.folds
    if of is not None and of != "as_of":
        return [list(part) for _, part in groupby(dates, key=lambda date: period_start(of, date["as_of"]))]
    single = [[date] for date in dates]
    predicted, total = single[1:][-folds:], sum(date["n"] for date in dates)
    if of == "as_of" or not predicted or sum(part[0]["n"] for part in predicted) >= SMALL * total * len(predicted):
        return single
    parts: list[list[dict[str, Any]]] = [[] for _ in range(folds + 1)]
    before = 0
    for date in dates:
        parts[min(folds, int((before + date["n"] / 2) / total * (folds + 1)))].append(date)
        before += date["n"]
    return [part for part in parts if part]


def _among(as_of: str, used: list[dict[str, Any]], earlier: list[dict[str, Any]]) -> str:
    """SQL of the as-of dates that are used, of those that are earlier; of too many to name, those up to a gap."""
    if len(used) <= MOST_NAMED:
        return f"{as_of} in ({', '.join(_moment(date['as_of']) for date in used)})"
    chosen = {date["as_of"] for date in used}
    last = list(takewhile(lambda date: date["as_of"] in chosen, earlier))[-1:]
    return f"{as_of} <= {_moment((last or used)[0]['as_of'])}"


def _entity_folds(spec: MLModelSpec, folds: int, repeats: int) -> list[Fold]:
    text = f"coalesce(cast({quoted(spec.entity)} as varchar), '')"
    found = []
    for repeat in range(1, repeats + 1):
        digits = f"substr(md5({literal(f'{repeat}|')} || {text}), 1, 8)"
        part = f"cast('0x' || {digits} as bigint) % {folds}"
        again = f", time {repeat}" if repeats > 1 else ""
        found += [
            Fold(
                name=f"entities {number + 1} of {folds}{again}",
                train=f"_ml_split = 'train' and {part} <> {number}",
                predict=f"_ml_split = 'train' and {part} = {number}",
                share=1 / folds,
                repeat=repeat,
            )
            for number in range(folds)
        ]
    return found


def _moment(at: datetime) -> str:
    return f"cast({literal(at.isoformat(sep=' '))} as timestamp)"


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute, at.second) == (0, 0, 0) else f"{at:%Y-%m-%d %H:%M:%S}"
