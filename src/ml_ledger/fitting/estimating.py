"""Scores of estimators as columns of the rows, so that a version that is one is scored by SQL as any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from ml_ledger.declaration import MLModelSpec
from ml_ledger.scoring.compile import ESTIMATE, CompiledScoring
from ml_ledger.scoring.onnx import scored_table
from ml_ledger.warehouse import Relation, quoted


@contextmanager
def with_estimates(
    spec: MLModelSpec, rows: Relation, scorings: Sequence[CompiledScoring], where: str
) -> Iterator[tuple[Relation, list[CompiledScoring]]]:
    """The rows with the scores of the estimators among the scorings, and the scorings as they read them.

    Only rows that satisfy `where` are scored. Outside the block neither can be used. Where no scoring is an estimator,
    the arguments come back as they are.
    """
    entity, as_of = quoted(spec.entity), quoted(spec.as_of)
    key = {"_ml_entity_id": f"cast({entity} as varchar)", "_ml_as_of": f"cast({as_of} as timestamp)"}
    reading = []
    with ExitStack() as stack:
        for number, scoring in enumerate(scorings):
            if scoring.estimator is None:
                reading.append(scoring)
                continue
            outputs = range(1, len(scoring.outputs) + 1)
            # By a name of its own, since several estimators may be columns of the same rows.
            columns = {ESTIMATE.format(output=o): f"_ml_estimate{number}_{o}" for o in outputs}
            scores = scored_table(scoring.estimator, rows, entity=entity, as_of=as_of, where=where)
            scores = scores.rename_columns([*key, *columns.values()])
            rows = stack.enter_context(rows.joined(scores, key))
            reading.append(
                replace(
                    scoring,
                    features=[*scoring.features, *columns.values()],
                    layers=[columns, *scoring.layers],
                )
            )
        yield rows, reading
