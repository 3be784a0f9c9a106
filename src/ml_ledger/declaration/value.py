"""What a decision is worth, by what turned out to be right."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ml_ledger.declaration.base import Finite, Strict


class ValueSpec(Strict):
    """Worth of one row, in `unit`; what is not declared is 0. Each task has keys of its own, see `KEYS`.

    true_positive to true_negative: by decision and label (task binary). per_unit_of_error: per unit of the absolute
    error (task regression); or positive_fixed and positive_per_unit: a positive decision is worth the first, plus the
    second times the label, a negative one nothing. correct, wrong: of a predicted class (task multiclass).
    """

    unit: Annotated[str, Field(min_length=1)]
    true_positive: Finite | None = None
    false_positive: Finite | None = None
    false_negative: Finite | None = None
    true_negative: Finite | None = None
    per_unit_of_error: Finite | None = None
    positive_fixed: Finite | None = None
    positive_per_unit: Finite | None = None
    correct: Finite | None = None
    wrong: Finite | None = None

    @property
    def of_decisions(self) -> bool:
        """Whether it is decisions by a threshold that are worth something, so that deciding without a model is, too."""
        return any(getattr(self, key) is not None for key in (*KEYS["binary"], *POLICY_KEYS))


POLICY_KEYS = ("positive_fixed", "positive_per_unit")
KEYS = {
    "binary": ("true_positive", "false_positive", "false_negative", "true_negative"),
    "regression": ("per_unit_of_error", *POLICY_KEYS),
    "multiclass": ("correct", "wrong"),
}
BEST_VALUE = "best_value"  # decision.threshold: the one with the highest value
