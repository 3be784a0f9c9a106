"""Sums of a loss and its derivatives over rows: of a sample in memory, or of all rows by one query.

Both take the same `beta`: the intercept followed by one weight per column, and give derivatives by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.solvers.objectives import Objective
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double

# Rows of a sample that are multiplied at once, so that no second copy of the sample is needed.
BLOCK = 8_192
# Beyond so many columns their products are not asked for in one query.
MOST_PAIRED = 61
# Sums by cluster that are fetched at most.
GROUPED_VALUES = 50_000_000


Found = TypeVar("Found")


def asked_for(found: Found | None) -> Found:
    """What the caller had asked for, so that it is there."""
    assert found is not None
    return found


@dataclass(frozen=True)
class Sums:
    """What was asked for, summed over rows by their weights.

    gradient: k + 1. curvature: second derivatives, (k + 1) × (k + 1). columns, squares: of each column, k.
    """

    gradient: Vector
    loss: float | None = None
    curvature: Matrix | None = None
    columns: Vector | None = None
    squares: Vector | None = None


class SampledRows:
    """Rows in memory.

    design: n × (k + 1), ones and the columns. label, weight: n; the weights are scaled so that sums stand for all rows.
    """

    def __init__(
        self, training: TrainingRows, columns: Sequence[str], objective: Objective, *, total: float
    ) -> None:
        """Fetch the rows. columns: SQL of the k columns. total: what the weights are to sum to."""
        self.objective = objective
        # A sample is small, whatever the families that fetch all rows may take.
        design, self.label, weight = replace(training, memory_mb=None).fetch(["1e0", *columns])
        self.design = design
        self.weight = weight * (total / float(np.sum(weight)))

    def shift(self, shifts: Vector) -> None:
        """Subtract a number from each column."""
        self.design[:, 1:] -= shifts

    def sums(self, beta: Vector) -> Sums:
        """Loss, gradient and curvature."""
        with np.errstate(over="ignore", invalid="ignore"):  # of a step that went astray
            eta = self.design @ beta
            loss = float(self.weight @ self.objective.loss(eta, self.label))
            residual = self.weight * self.objective.residual(eta, self.label)
            curvature = self.weight * self.objective.curvature(eta, self.label)
            gradient = self.design.T @ residual
            total = np.zeros((len(beta), len(beta)))
            for start in range(0, len(eta), BLOCK):
                block = self.design[start : start + BLOCK] * np.sqrt(curvature[start : start + BLOCK, None])
                total += block.T @ block
        return Sums(gradient, loss=loss, curvature=total)

    def moments(self) -> tuple[Vector, Vector]:
        """Weighted mean and standard deviation of each column."""
        share = self.weight / np.sum(self.weight)
        near = (
            share @ self.design
        )  # the mean but for rounding, which in a constant column would look like a deviation
        mean, square = np.zeros_like(near), np.zeros_like(near)
        for start in range(0, len(share), BLOCK):
            block = self.design[start : start + BLOCK] - near
            mean += share[start : start + BLOCK] @ block
            square += share[start : start + BLOCK] @ block**2
        return (near + mean)[1:], np.sqrt(np.maximum(square - mean**2, 0.0))[1:]

    def spread(self, directions: Matrix) -> Vector:
        """Mean square of how far design @ direction is from the first row's, for (k + 1) × m directions; an array of m.

        It is 0 where no row differs, and nowhere less than the variance.
        """
        moved = self.design @ directions
        square: Vector = np.average((moved - moved[:1]) ** 2, axis=0, weights=self.weight)
        return square

    def squares(self) -> Vector:
        """Sum of the squares of each column."""
        columns = self.design[:, 1:]
        squares: Vector = np.einsum("n,nj,nj->j", self.weight, columns, columns)
        return squares


class AllRows:
    """Rows that stay in the warehouse."""

    def __init__(self, training: TrainingRows, columns: Sequence[str], objective: Objective) -> None:
        """columns: SQL of the k columns."""
        self.training, self.columns, self.objective = training, list(columns), objective

    def sums(self, beta: Vector, *, loss: bool = False, curvature: bool = False, moments: bool = False) -> Sums:
        """The gradient and what else is asked for, by one query.

        Each step of the computation is a subquery of its own, so that nothing is computed twice.
        """
        z = [f"_ml_z{j}" for j in range(1, len(beta))]
        each_row = [f"_ml_weight * ({self.objective.residual_sql}) as _ml_r"]
        sums = {"g0": "_ml_r"} | {f"g{j}": f"_ml_r * {name}" for j, name in enumerate(z, 1)}
        if loss:
            sums["loss"] = f"_ml_weight * ({self.objective.loss_sql})"
        if moments:
            sums |= {f"m{j}": f"_ml_weight * {name}" for j, name in enumerate(z, 1)}
            sums |= {f"s{j}": f"_ml_weight * {name} * {name}" for j, name in enumerate(z, 1)}
        pairs = [(i, j) for i in range(len(beta)) for j in range(i, len(beta))] if curvature else []
        if curvature:
            each_row.append(f"_ml_weight * ({self.objective.curvature_sql}) as _ml_h")
            factors = ["", *(f" * {name}" for name in z)]
            sums |= {f"h{i}_{j}": f"_ml_h{factors[i]}{factors[j]}" for i, j in pairs}
        selected = ", ".join(f"sum({sql}) as _ml_{name}" for name, sql in sums.items())
        (row,) = self.training.relation.query(
            f"select {selected} from (select *, {', '.join(each_row)} from ({self._scored(beta)}) as"
            f" _ml_scored) as _ml_summed"
        )
        bends = np.empty((len(beta), len(beta)))
        for i, j in pairs:
            bends[i, j] = bends[j, i] = float(row[f"h{i}_{j}"])

        def of_columns(letter: str) -> Vector:
            return np.array([float(row[f"{letter}{j}"]) for j in range(1, len(beta))])

        return Sums(
            gradient=np.array([float(row["g0"]), *of_columns("g")]),
            loss=float(row["loss"]) if loss else None,
            curvature=bends if curvature else None,
            columns=of_columns("m") if moments else None,
            squares=of_columns("s") if moments else None,
        )

    def totals(self, beta: Vector, expressions: Mapping[str, str]) -> dict[str, float]:
        """Weighted sums of expressions over _ml_eta, _ml_mu and _ml_y, by name."""
        selected = ", ".join(f"sum(_ml_weight * ({sql})) as _ml_{name}" for name, sql in expressions.items())
        (row,) = self.training.relation.query(f"select {selected} from ({self._scored(beta)}) as _ml_scored")
        return {name: float(row[name]) for name in expressions}

    def meat(self, beta: Vector) -> Matrix:
        """Sum over clusters, or rows where there is no cluster, of the outer products of their summed gradients."""
        residual = f"_ml_weight * ({self.objective.residual_sql})"
        source = f"select *, {residual} as _ml_r from ({self._scored(beta)}) as _ml_scored"
        gradients = ["_ml_r", *(f"_ml_r * _ml_z{j}" for j in range(1, len(beta)))]
        return outer_products(self.training, source, gradients)

    def _scored(self, beta: Vector) -> str:
        """SQL of all rows with _ml_z1 … _ml_zk, _ml_y, _ml_weight, _ml_eta, _ml_mu, and _ml_cluster if there is one."""
        columns = "".join(f", cast({column} as double) as _ml_z{j}" for j, column in enumerate(self.columns, 1))
        eta = " + ".join([double(beta[0]), *(f"{double(b)} * _ml_z{j}" for j, b in enumerate(beta[1:], 1) if b)])
        training = self.training
        return (
            f"select *, {self.objective.mu_sql} as _ml_mu from (select *, {eta} as _ml_eta from ("
            f"select cast({training.label} as double) as _ml_y, _ml_weight{cluster_of(training)}{columns}"
            f" from {training.relation.name}"
            f" where {training.where}) as _ml_design) as _ml_linked"
        )


def cluster_of(training: TrainingRows) -> str:
    """SQL of the column _ml_cluster, to be added to others; empty where rows have no cluster."""
    return f", {training.cluster} as _ml_cluster" if training.cluster else ""


def outer_products(training: TrainingRows, source: str, columns: Sequence[str]) -> Matrix:
    """Sum of u u' over clusters, or rows where there is no cluster; u are the k columns summed over the cluster.

    source: SQL of the rows, with _ml_cluster. columns: SQL over it. One query for k (k + 1) / 2 sums; where these are
    too many, as many clusters as fit into memory stand for all.
    """
    k = len(columns)
    if training.cluster:
        sums = ", ".join(f"sum({sql}) as _ml_u{i}" for i, sql in enumerate(columns))
        source = f"select _ml_cluster, {sums} from ({source}) as _ml_rows group by _ml_cluster"
    else:
        selected = ", ".join(f"{sql} as _ml_u{i}" for i, sql in enumerate(columns))
        source = f"select {selected} from ({source}) as _ml_rows"
    if k > MOST_PAIRED:
        return _in_memory(training, source, k)
    pairs = [(i, j) for i in range(k) for j in range(i, k)]
    selected = ", ".join(f"sum(_ml_u{i} * _ml_u{j}) as _ml_m{i}_{j}" for i, j in pairs)
    (row,) = training.relation.query(f"select {selected} from ({source}) as _ml_groups")
    found = np.empty((k, k))
    for i, j in pairs:
        found[i, j] = found[j, i] = float(row[f"m{i}_{j}"])
    return found


def _in_memory(training: TrainingRows, source: str, k: int) -> Matrix:
    with training.relation.materialised(source) as groups:
        (counts,) = groups.query(f"select count(*) as _ml_n from {groups.name}")
        share = min(1.0, GROUPED_VALUES / k / int(counts["n"]))
        # Clusters come in no order that knows their gradients.
        where = "true" if share == 1 else f"hash(_ml_u0, _ml_u1) % {1 << 20} < {int(share * (1 << 20))}"
        u = np.column_stack(groups.doubles([f"_ml_u{i}" for i in range(k)], where=where))
        found: Matrix = u.T @ u * (int(counts["n"]) / len(u))
        return found
