"""Training rows that were predicted by a fit on earlier ones: as far off as predictions of new rows will be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ml_ledger.declaration import AlgorithmSpec, MLModelSpec
from ml_ledger.fitting.choosing import has_all_classes
from ml_ledger.fitting.estimating import with_estimates
from ml_ledger.fitting.fitting import fit_algorithm, training_rows
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.scoring.outputs import ADDED_SHARE
from ml_ledger.sql_literals import double
from ml_ledger.training_set.folds import folds_of, once
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.training_set.weights import sample_weight
from ml_ledger.warehouse import Relation


@contextmanager
def out_of_fold(spec: MLModelSpec, algorithm: AlgorithmSpec, rows: Relation) -> Iterator[Relation | None]:
    """The rows that the folds of cross-validation predict: `_ml_link`, `_ml_score`, `_ml_label` and `_ml_weight`.

    Of several classes also `_ml_class0`, `_ml_class1`, ...: the link score of each, or the log of its share.
    Not of rows without a score. None where no fold has rows of each class to train on.
    """
    others = {"_ml_label": label_as_double(spec), "_ml_weight": sample_weight(spec)}
    with ExitStack() as stack:
        parts = []
        for fold in once(folds_of(spec, rows)):
            training = training_rows(spec, rows, fold.train)
            if not has_all_classes(spec, training):
                continue
            scoring = fit_algorithm(spec, algorithm, spec.features, training).scoring
            wanted = {"_ml_link": (0, "_ml_link"), "_ml_score": (0, "_ml_output1")}
            wanted |= {f"_ml_class{n}": (0, sql) for n, sql in enumerate(_links_of_classes(spec, scoring))}
            known, scorings = stack.enter_context(with_estimates(spec, rows, [scoring], fold.predict))
            sql = known.scored_sql(scorings, wanted, others, fold.predict)
            parts.append(
                stack.enter_context(
                    known.materialised(f"select * from ({sql}) as _ml_f where _ml_link is not null")
                )
            )
        yield Relation.union(parts, name="_ml_out_of_fold") if parts else None


def _links_of_classes(spec: MLModelSpec, scoring: CompiledScoring) -> list[str]:
    """SQL of what a softmax makes probabilities of, per declared class; a class that no output has is unlikely."""
    added = double(ADDED_SHARE)
    names = {output.name: f"_ml_link{number}" for number, output in enumerate(scoring.outputs, 1)}
    if scoring.link == "shares":
        return [f"ln({names.get(name, '0e0')} + {added})" for name in spec.classes or ()]
    return [names.get(name, f"ln({added})") for name in spec.classes or ()]
