"""One multinomial fit: what is known of its loss at a beta, from a sample or from all rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.errors import VersionError
from ml_ledger.solvers.covariance import SINGULAR
from ml_ledger.solvers.newton import MOST_NAMES
from ml_ledger.solvers.problem import GROWS
from ml_ledger.solvers.sums import asked_for, cluster_of, outer_products
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double

# Rows of a sample whose curvature is summed at once.
BLOCK = 8_192
# What a class that a row cannot have is worth less than all others: its share is 0 to a double.
NEVER = 1e3
# So many sums are asked for in one query at most.
MOST_SUMS = 2_000


@dataclass(frozen=True)
class MultinomialSolution:
    """Intercepts (K) and weights (K × k) of the design columns; means (k) of the columns; the rest as `Solution`.

    per_unit: k, one by the deviation of each column, 0 for constant ones. curvature, meat: by class of an intercept and
    standardised weights, of all rows, K (k + 1) square; None unless asked for. loss: with the penalty.
    """

    intercepts: Vector
    weights: Matrix
    means: Vector
    passes: int
    iterations: int
    gradient: float
    per_unit: Vector
    loss: float
    curvature: Matrix | None = None
    meat: Matrix | None = None


@dataclass(frozen=True)
class At:
    """The penalised loss of all rows at a beta, and its derivatives without the l1 penalty, K × (k + 1) flat."""

    beta: Vector
    loss: float
    gradient: Vector
    curvature: Matrix | None


class MultinomialProblem:
    """Rows, columns and penalties of one fit. `beta` is K × (k + 1), flat: by class the intercept, then the weights.

    The columns are standardised by the mean and deviation of all rows; constant ones have weight 0.
    """

    def __init__(
        self,
        training: TrainingRows,
        columns: Sequence[str],
        standardised: Sequence[bool],
        *,
        strength: float,
        l1_ratio: float,
        excluded: Sequence[tuple[int, str]],
        sample_rows: int,
    ) -> None:
        """Count the rows and fetch a sample; arguments as `minimise_classes`."""
        self.excluded = excluded
        self.training, self.columns, self.classes = training, list(columns), len(training.classes)
        self.passes = 0
        self.n, self.weight, self.mean, self.deviation = self._moments()
        varies = self.deviation > 8 * np.finfo(np.float64).eps * np.maximum(np.abs(self.mean), 1e-300)
        self.per_unit = np.divide(1.0, self.deviation, out=np.zeros_like(self.deviation), where=varies)
        per_weight = np.where(np.array(standardised, dtype=bool), 1.0, self.per_unit)
        by_class = np.array([0.0, *per_weight])
        self.l2 = np.tile(strength * (1 - l1_ratio) * by_class**2, self.classes)
        self.l1 = np.tile(strength * l1_ratio * by_class, self.classes)
        self.sample_is_all = self.n <= sample_rows
        if not self.sample_is_all:
            share = math.ceil((1 << 20) * sample_rows / self.n)
            training = replace(training, where=f"{training.where} and {training.bucket(1 << 20)} < {share}")
        # A sample is small, whatever the families that fetch all rows may take.
        told = [f"case when {sql} then 1e0 else 0e0 end" for _, sql in excluded]
        design, self.label, weight = replace(training, memory_mb=None).fetch([*columns, *told])
        self.offset = np.zeros((len(design), self.classes))
        for (name, _), flags in zip(excluded, design[:, len(columns) :].T, strict=True):
            self.offset[:, name] -= NEVER * flags
        standard = (design[:, : len(columns)] - self.mean) * self.per_unit
        self.design = np.column_stack([np.ones(len(standard)), standard])
        self.row_weight = weight * (self.weight / float(weight.sum()))

    def _moments(self) -> tuple[int, float, Vector, Vector]:
        """Rows, their weight, and mean and deviation of each column, by sums around its plain mean."""
        source = f"from {self.training.relation.name} where {self.training.where}"
        first = ", ".join(f"avg(cast({sql} as double)) as _ml_a{j}" for j, sql in enumerate(self.columns))
        (near,) = self.training.relation.query(
            f"select count(*) as _ml_n, sum(_ml_weight) as _ml_weight{', ' if first else ''}{first} {source}"
        )
        around = [float(near[f"a{j}"]) for j in range(len(self.columns))]
        away = [f"({sql} - {double(a)})" for sql, a in zip(self.columns, around, strict=True)]
        sums = ", ".join(
            f"sum(_ml_weight * {sql}) as _ml_m{j}, sum(_ml_weight * {sql} * {sql}) as _ml_s{j}"
            for j, sql in enumerate(away)
        )
        weight = float(near["weight"])
        if not sums:
            return int(near["n"]), weight, np.zeros(0), np.zeros(0)
        (found,) = self.training.relation.query(f"select {sums} {source}")
        off = np.array([float(found[f"m{j}"]) for j in range(len(around))]) / weight
        square = np.array([float(found[f"s{j}"]) for j in range(len(around))]) / weight
        return int(near["n"]), weight, np.array(around) + off, np.sqrt(np.maximum(square - off**2, 0.0))

    def null(self) -> Vector:
        """No weights, and the intercepts that fit the shares of the classes."""
        beta = np.zeros((self.classes, len(self.columns) + 1))
        shares = np.bincount(self.label.astype(int), weights=self.row_weight, minlength=self.classes)
        logs = np.log(shares / shares.sum())
        beta[:, 0] = logs - logs.mean()
        return beta.ravel()

    def in_sample(self, beta: Vector) -> At:
        """Everything at a beta, as the sample has it."""
        by_class = beta.reshape(self.classes, -1)
        eta = self.design @ by_class.T + self.offset
        highest = eta.max(axis=1, keepdims=True)
        odds = np.exp(eta - highest)
        total = odds.sum(axis=1, keepdims=True)
        share = odds / total
        own = np.arange(len(eta)), self.label.astype(int)
        loss = float(self.row_weight @ (np.log(total[:, 0]) + highest[:, 0] - eta[own]))
        residual = share.copy()
        residual[own] -= 1
        gradient = ((residual * self.row_weight[:, None]).T @ self.design).ravel()
        return self._at(beta, loss, gradient, self._curvature(share))

    def _curvature(self, share: Matrix) -> Matrix:
        width = self.design.shape[1]
        curvature = np.zeros((self.classes, width, self.classes, width))
        for start in range(0, len(share), BLOCK):
            design, p = self.design[start : start + BLOCK], share[start : start + BLOCK]
            weight = self.row_weight[start : start + BLOCK]
            for one in range(self.classes):
                for other in range(one, self.classes):
                    bend = weight * p[:, one] * ((one == other) - p[:, other])
                    curvature[one, :, other] += design.T @ (design * bend[:, None])
        for one in range(self.classes):
            for other in range(one):
                curvature[one, :, other] = curvature[other, :, one].T
        return curvature.reshape(self.classes * width, -1)

    def over_all(self, beta: Vector) -> At:
        """Loss and gradient by one query over all rows."""
        self.passes += 1
        sums = ", ".join(f"sum({sql}) as _ml_{name}" for name, sql in self._gradients().items())
        (found,) = self.training.relation.query(
            f"select sum(_ml_loss) as _ml_loss, {sums} from ({self._scored(beta)}) as _ml_summed"
        )
        gradient = [float(found[name]) for name in self._gradients()]
        return self._at(beta, float(found["loss"]), np.array(gradient), None)

    def _gradients(self) -> dict[str, str]:
        z = [f" * _ml_z{j}" for j in range(len(self.columns))]
        names = range(self.classes)
        return {f"g{c}_{j}": f"_ml_r{c}{factor}" for c in names for j, factor in enumerate(["", *z])}

    def _scored(self, beta: Vector) -> str:
        """SQL of all rows with their columns _ml_z…, and by class the share _ml_p… and the residual _ml_r….

        Each step of the computation is a subquery of its own.
        """
        names = range(self.classes)
        z = [f"_ml_z{j}" for j in range(len(self.columns))]
        columns = "".join(
            f", ({sql} - {double(mean)}) * {double(per_unit)} as {name}"
            for sql, mean, per_unit, name in zip(self.columns, self.mean, self.per_unit, z, strict=True)
        )
        offsets = "".join(
            f", case when {sql} then {double(-NEVER)} else 0e0 end as _ml_never{number}"
            for number, (_, sql) in enumerate(self.excluded)
        )
        rows = self.training
        source = (
            f"select {rows.label} as _ml_y, _ml_weight{cluster_of(rows)}{columns}{offsets} from {rows.relation.name}"
            f" where {rows.where}"
        )
        never = [
            "".join(f" + _ml_never{number}" for number, (name, _) in enumerate(self.excluded) if name == c)
            for c in names
        ]
        etas = ", ".join(
            " + ".join([double(row[0]), *(f"{double(b)} * {name}" for b, name in zip(row[1:], z, strict=True))])
            + f"{never[c]} as _ml_e{c}"
            for c, row in zip(names, beta.reshape(self.classes, -1), strict=True)
        )
        own = " ".join(f"when {c} then _ml_e{c}" for c in names)
        for layer in (
            etas,
            f"greatest({', '.join(f'_ml_e{c}' for c in names)}) as _ml_highest",
            ", ".join(f"exp(_ml_e{c} - _ml_highest) as _ml_o{c}" for c in names),
            f"{' + '.join(f'_ml_o{c}' for c in names)} as _ml_total",
            ", ".join(f"_ml_o{c} / _ml_total as _ml_p{c}" for c in names),
            ", ".join(
                f"_ml_weight * (_ml_p{c} - case when _ml_y = {c} then 1e0 else 0e0 end) as _ml_r{c}" for c in names
            )
            + f", _ml_weight * (ln(_ml_total) + _ml_highest - case cast(_ml_y as integer) {own} end) as _ml_loss",
        ):
            source = f"select *, {layer} from ({source}) as _ml_rows_so_far"
        return source

    def curvature(self, at: At) -> Matrix:
        """Of all rows; where that is too many sums for one query, as the sample has it."""
        width = len(self.columns) + 1
        pairs = [(one, other) for one in range(self.classes) for other in range(one, self.classes)]
        cells = [(i, j) for i in range(width) for j in range(i, width)]
        if self.sample_is_all or len(pairs) * len(cells) > MOST_SUMS:
            return asked_for(self.in_sample(at.beta).curvature)
        z = ["", *(f" * _ml_z{j}" for j in range(len(self.columns)))]
        bend = {(a, b): f"_ml_weight * _ml_p{a} * ({'1e0 ' if a == b else ''}- _ml_p{b})" for a, b in pairs}
        sums = ", ".join(
            f"sum({bend[a, b]}{z[i]}{z[j]}) as _ml_h{a}_{b}_{i}_{j}" for a, b in pairs for i, j in cells
        )
        self.passes += 1
        (found,) = self.training.relation.query(f"select {sums} from ({self._scored(at.beta)}) as _ml_summed")
        total = np.zeros((self.classes, width, self.classes, width))
        for a, b in pairs:
            for i, j in cells:
                value = float(found[f"h{a}_{b}_{i}_{j}"])
                for one, other in {(i, j), (j, i)}:
                    total[a, one, b, other] = total[b, other, a, one] = value
        return total.reshape(self.classes * width, -1)

    def meat(self, at: At) -> Matrix:
        """Sum over clusters, or rows, of the outer products of their summed gradients."""
        return outer_products(self.training, self._scored(at.beta), list(self._gradients().values()))

    def require_no_separation(self, at: At, curvature: Matrix, names: Sequence[str]) -> None:
        """Raise VersionError where a step from where the gradient is gone still moves scores, naming columns."""
        unit = np.sqrt(np.diag(curvature))
        unit[unit == 0] = 1.0
        eigenvalues, vectors = np.linalg.eigh(curvature / np.outer(unit, unit))
        curved = eigenvalues > SINGULAR
        moves = vectors[:, curved] @ ((vectors[:, curved].T @ (at.gradient / unit)) / eigenvalues[curved]) / unit
        far = np.max(np.abs(moves.reshape(self.classes, -1)[:, 1:]), axis=0, initial=0.0)
        if np.any(far > GROWS):
            grown = [names[j] for j in np.argsort(-far)[:MOST_NAMES] if j < len(names) and far[j] > GROWS]
            raise VersionError(
                "the fit did not converge: the features separate the classes by"
                f" {' and '.join(dict.fromkeys(grown))} together, so that the weights grow without end. Nothing was"
                " written. Fix: add a penalty (a lower C), or look for a feature that gives the label away."
            )

    def _at(self, beta: Vector, loss: float, gradient: Vector, curvature: Matrix | None) -> At:
        penalty = float(0.5 * np.sum(self.l2 * beta**2) + np.sum(self.l1 * np.abs(beta)))
        return At(beta, loss + penalty, gradient + self.l2 * beta, curvature)

    def left(self, at: At) -> float:
        """The largest component of the (smallest sub-) gradient of the mean loss, 0 at the optimum."""
        smallest = np.where(
            at.beta == 0,
            np.sign(at.gradient) * np.maximum(np.abs(at.gradient) - self.l1, 0),
            at.gradient + self.l1 * np.sign(at.beta),
        )
        worst = float(np.max(np.abs(smallest))) / self.weight
        return worst if math.isfinite(worst) else math.inf

    def solution(self, at: At, iterations: int, left: float) -> MultinomialSolution:
        """Intercepts and weights of the columns as they are."""
        by_class = at.beta.reshape(self.classes, -1)
        weights = by_class[:, 1:] * self.per_unit
        intercepts = by_class[:, 0] - by_class[:, 0].mean() - weights @ self.mean
        return MultinomialSolution(
            intercepts, weights, self.mean, self.passes, iterations, left, self.per_unit, at.loss
        )
