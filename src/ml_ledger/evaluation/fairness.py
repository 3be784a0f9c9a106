"""How decisions about groups of people differ: rates by group, and their ratio to those of a reference group."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ml_ledger.evaluation.estimates import Z95, Estimate, Measured, normal, wilson, without_interval
from ml_ledger.evaluation.metrics import Metric
from ml_ledger.terms.base import double
from ml_ledger.warehouse import Relation

# By rate: its numerator and its denominator, as `_counts` calls them.
RATES = {
    "selection_rate": ("selected", "n"),
    "true_positive_rate": ("true_positives", "positives"),
    "false_positive_rate": ("false_positives", "negatives"),
}


@dataclass(frozen=True)
class Attribute:
    """A protected attribute with its groups, in the order of their positions in a column."""

    name: str
    reference: str
    groups: Sequence[str]


def group_column(number: int) -> str:
    """The column with the position of a row's group of attribute number so and so."""
    return f"_ml_attribute{number}"


def measure_fairness(
    scored: Relation, attributes: Sequence[Attribute], *, minimum_group: int, threshold: float, dataset: str
) -> Iterator[Metric]:
    """Rates of the first scorer's decisions by group; the slice is called `<attribute> = <group>`.

    scored: as of `measure` (task binary), with a `group_column` per attribute. A rate over fewer rows than
    minimum_group, or compared with one, has no ratio. Rows without a score count as none.
    """
    for number, attribute in enumerate(attributes):
        counts = _counts(scored, group_column(number), threshold)
        reference = next((row for k, row in counts.items() if attribute.groups[k] == attribute.reference), None)
        for k, group in counts.items():
            name = attribute.groups[k]
            other = None if name == attribute.reference else reference
            for measured in _of_group(group, other, minimum_group, f"{attribute.name} = {name}"):
                yield from measured.rows(dataset)


def _of_group(
    group: dict[str, Any], reference: dict[str, Any] | None, minimum_group: int, part: str
) -> Iterator[Measured]:
    yield Measured("self", "group_size", without_interval(group["n"], group["n"]), part)
    if group["gap"] is not None:
        variance = None if group["gap_variance"] is None else group["gap_variance"] / group["n"]
        yield Measured("self", "calibration_gap", normal(group["gap"], variance, group["n"]), part)
    for rate, (above, below) in RATES.items():
        k, n = group[above], group[below]
        if n:
            yield Measured("self", rate, wilson(k / n, n), part)
        if reference is not None and min(n, reference[below]) >= minimum_group:
            yield Measured(
                "self", f"{rate}_ratio", ratio_of_shares(k, n, reference[above], reference[below]), part
            )


def ratio_of_shares(k: int, n: int, of_k: int, of_n: int) -> Estimate | None:
    """The ratio of k / n and of_k / of_n, with the delta-method interval of its logarithm (Katz et al. 1978).

    None where the second share is 0; without an interval where the first one is.
    """
    if not of_k:
        return None
    ratio = (k / n) / (of_k / of_n)
    if not k:
        return without_interval(ratio, n)
    half = Z95 * math.sqrt(1 / k - 1 / n + 1 / of_k - 1 / of_n)
    return Estimate(ratio, ratio * math.exp(-half), ratio * math.exp(half), n)


def _counts(scored: Relation, column: str, threshold: float) -> dict[int, dict[str, Any]]:
    """Of each group, by its position: rows with a score, and how many of them are what."""
    rows = scored.query(
        f"with _ml_scored as (select {column} as _ml_group_number, _ml_label, _ml_s0_0 as _ml_score,"
        f" case when _ml_s0_0 >= {double(threshold)} then 1 else 0 end as _ml_acts from {scored.name}"
        f" where abs(_ml_s0_0) <= {double(sys.float_info.max)} and {column} is not null)"
        " select _ml_group_number, count(*) as _ml_n, count_if(_ml_acts = 1) as _ml_selected,"
        " count_if(_ml_label = 1) as _ml_positives,"
        " count_if(_ml_label = 0) as _ml_negatives, count_if(_ml_acts = 1 and _ml_label = 1) as _ml_true_positives,"
        " count_if(_ml_acts = 1 and _ml_label = 0) as _ml_false_positives, avg(_ml_score - _ml_label) as _ml_gap,"
        " var_samp(_ml_score - _ml_label) as _ml_gap_variance from _ml_scored group by _ml_group_number"
        " order by _ml_group_number"
    )
    return {int(row["group_number"]): row for row in rows}
