"""Which rows a version is trained and measured on: from when to when, how many, and whether they overlap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.declaration.training_and_evaluation import SHARE_OF_ONE_DATE
from ml_ledger.training_set.validation import usable_rows
from ml_ledger.warehouse import Relation, quoted


def window_of(spec: MLModelSpec, rows: Relation) -> dict[str, Any]:
    """Columns of a version: train_from, train_to, holdout_from, holdout_to, train_rows, holdout_rows, and
    labels_overlap_holdout, whether labels that were trained on reach into what is held out.

    Where the holdout comes after all that is trained on, into its period; else only labels of an entity into its own
    held-out rows, since of others they say nothing.
    """
    as_of = f"cast({quoted(spec.as_of)} as timestamp)"
    (row,) = rows.query(
        f"select min(case when _ml_split = 'train' then {as_of} end) as _ml_train_from,"
        f" max(case when _ml_split = 'train' then {as_of} end) as _ml_train_to,"
        f" min(case when _ml_split = 'holdout' then {as_of} end) as _ml_holdout_from,"
        f" max(case when _ml_split = 'holdout' then {as_of} end) as _ml_holdout_to,"
        f" max(case when _ml_split = 'train' then _ml_matured_at end)"
        f" > min(case when _ml_split = 'holdout' then {as_of} end) as _ml_labels_overlap_holdout,"
        f" count_if(_ml_split = 'train' and {usable_rows(spec)}) as _ml_train_rows,"
        f" count_if(_ml_split = 'holdout') as _ml_holdout_rows"
        f" from {rows.name}"
    )
    if not is_after(row):
        (found,) = rows.query(
            "select count(*) > 0 as _ml_overlap from ("
            "select max(case when _ml_split = 'train' then _ml_matured_at end)"
            f" > min(case when _ml_split = 'holdout' then {as_of} end) as _ml_o"
            f" from {rows.name} group by {quoted(spec.entity)}) as _ml_e where _ml_o"
        )
        row["labels_overlap_holdout"] = found["overlap"]
    return row


def is_after(window: Mapping[str, Any]) -> bool:
    """Whether what is held out comes after all that is trained on."""
    return bool(window["train_to"] < window["holdout_from"])


def holdout_notice(spec: MLModelSpec, window: dict[str, Any]) -> str | None:
    """What a version says of a holdout that nobody declared: with one as-of date nothing comes after it."""
    if spec.evaluation.is_declared or is_after(window):
        return None
    return (
        f"held out: {SHARE_OF_ONE_DATE:.0%} of the entities by a hash, since there is one as-of date only; how"
        " a version does at a later one was not tested"
    )
