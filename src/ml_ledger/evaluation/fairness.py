"""How decisions about groups of people differ: rates by group, and their ratio to those of a reference group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ml_ledger.evaluation.estimates import Estimate, Measured, critical, without_interval
from ml_ledger.evaluation.measure import Metric
from ml_ledger.evaluation.moments import Moments, moments
from ml_ledger.evaluation.rows import ScoredRows
from ml_ledger.sql_literals import double
from ml_ledger.warehouse import Relation

# By rate of positive decisions: the rows that it is over.
RATES = {
    "selection_rate": "true",
    "true_positive_rate": "_ml_label = 1",
    "false_positive_rate": "_ml_label = 0",
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
        groups = _measured_groups(scored, group_column(number), threshold)
        reference = next((row for k, row in groups.items() if attribute.groups[k] == attribute.reference), None)
        for k, group in groups.items():
            name = attribute.groups[k]
            other = None if name == attribute.reference else reference
            for measured in _of_group(group, other, minimum_group, f"{attribute.name} = {name}"):
                yield from measured.rows(dataset)


def _of_group(
    group: Mapping[str, Moments], reference: Mapping[str, Moments] | None, minimum_group: int, part: str
) -> Iterator[Measured]:
    yield Measured("self", "group_size", without_interval(group["gap"].n, group["gap"].n), part)
    yield Measured("self", "calibration_gap", group["gap"].average(), part)
    for rate in RATES:
        yield Measured("self", rate, group[rate].share(), part)
        if reference is not None and min(group[rate].n, reference[rate].n) >= minimum_group:
            yield Measured("self", f"{rate}_ratio", ratio_of_shares(group[rate], reference[rate]), part)


def ratio_of_shares(share: Moments, other: Moments) -> Estimate | None:
    """The ratio of two shares, with the delta-method interval of its logarithm (Katz et al. 1978).

    None where the second share is 0; without an interval where the first one is. A cluster is taken to be on one side:
    where it is on both, the interval is too wide rather than too narrow.
    """
    if not other.mean or share.mean is None:
        return None
    ratio = share.mean / other.mean
    if not share.mean:
        return without_interval(ratio, share.n)
    of_share, of_other = _variance(share), _variance(other)
    if of_share is None or of_other is None:
        return without_interval(ratio, share.n)
    clusters = None if share.clusters is None or other.clusters is None else share.clusters + other.clusters - 1
    half = critical(clusters) * math.sqrt(of_share / share.mean**2 + of_other / other.mean**2)
    return Estimate(ratio, ratio * math.exp(-half), ratio * math.exp(half), share.n)


def _variance(share: Moments) -> float | None:
    """Of a share: p (1 - p) / n where rows stand alone."""
    if share.effective is None and share.mean is not None:
        return share.mean * (1 - share.mean) / share.n
    return share.error


def _measured_groups(scored: Relation, column: str, threshold: float) -> dict[int, dict[str, Moments]]:
    """By position of a group: the moments of its rates, and of score less label."""
    rows = ScoredRows.of(scored, ["self"], others=[column])
    acts = f"case when _ml_s0_0 >= {double(threshold)} then 1e0 when _ml_s0_0 < {double(threshold)} then 0e0 end"
    values = {rate: f"case when {where} then {acts} end" for rate, where in RATES.items()}
    values["gap"] = "_ml_s0_0 - _ml_label"
    found = moments(rows.query, "_ml_scored_rows", values, rows.design, by=f"cast({column} as bigint)")
    return {group: row for group, row in sorted(found.items()) if row["gap"].n}
