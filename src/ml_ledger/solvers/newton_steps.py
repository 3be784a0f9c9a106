"""Steps of a fit: to the minimum of a quadratic model of the loss, and what a step teaches about the model."""

from __future__ import annotations

import math

import numpy as np

from ml_ledger.arrays import Matrix, Vector

# Directions with less than this share of the largest curvature are what rounding leaves of collinear columns.
SINGULAR = 1e-12


def newton_step(model: Matrix, gradient: Vector, beta: Vector, l1: Vector) -> Vector:
    """The d that minimises gradient'd + d'model d / 2 + l1'|beta + d|; the shortest where several do."""
    if not l1.any():
        return -np.asarray(np.linalg.lstsq(model, gradient, rcond=SINGULAR)[0], dtype=np.float64)
    return _coordinate_descent(model, gradient, beta, l1)


def taught(curvature: Matrix, step: Vector, change: Vector) -> Matrix:
    """The curvature, corrected so that it explains the change of the gradient along a step.

    Broyden, Fletcher, Goldfarb and Shanno's update; Nocedal and Wright, Numerical Optimization, 2006, chapter 6.1.
    """
    expected = curvature @ step
    if min(step @ expected, step @ change) <= 0:
        return curvature
    return (
        curvature - np.outer(expected, expected) / (step @ expected) + np.outer(change, change) / (step @ change)
    )


def _coordinate_descent(model: Matrix, gradient: Vector, beta: Vector, l1: Vector) -> Vector:
    """The same with an l1 penalty, one coordinate at a time."""
    step = np.zeros_like(beta)
    product = np.zeros_like(beta)  # model @ step
    for _ in range(10_000):
        largest = 0.0
        for j in range(len(beta)):
            if model[j, j] <= 0:
                continue
            slope = gradient[j] + product[j] - model[j, j] * (beta[j] + step[j])
            target = -math.copysign(max(abs(slope) - l1[j], 0.0), slope) / model[j, j]
            change = target - beta[j] - step[j]
            if change:
                step[j] += change
                product += change * model[:, j]
                largest = max(largest, abs(change) * math.sqrt(model[j, j]))
        if largest <= 1e-14 * math.sqrt(float(np.max(np.diag(model)))):
            break
    return step
