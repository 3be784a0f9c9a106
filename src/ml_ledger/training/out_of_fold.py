"""Training rows that were predicted by a fit on earlier ones: as far off as predictions of new rows will be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ml_ledger.spec import AlgorithmSpec, MLModelSpec
from ml_ledger.training.choosing import folds_of, has_all_classes
from ml_ledger.training.estimating import with_estimates
from ml_ledger.training.fitting import fit_algorithm, training_rows
from ml_ledger.training.labels import label_as_double
from ml_ledger.training.weights import sample_weight
from ml_ledger.warehouse import Relation


@contextmanager
def out_of_fold(spec: MLModelSpec, algorithm: AlgorithmSpec, rows: Relation) -> Iterator[Relation | None]:
    """The rows that the folds of cross-validation predict: `_ml_link`, `_ml_score`, `_ml_label` and `_ml_weight`.

    Not of rows without a score. None where no fold has rows of each class to train on.
    """
    wanted = {"_ml_link": (0, "_ml_link"), "_ml_score": (0, "_ml_output1")}
    others = {"_ml_label": label_as_double(spec), "_ml_weight": sample_weight(spec)}
    with ExitStack() as stack:
        parts = []
        for fold in folds_of(spec, rows):
            training = training_rows(spec, rows, fold.train)
            if not has_all_classes(spec, training):
                continue
            scoring = fit_algorithm(spec, algorithm, spec.features, training).scoring
            known, scorings = stack.enter_context(with_estimates(spec, rows, [scoring], fold.predict))
            sql = known.scored_sql(scorings, wanted, others, fold.predict)
            parts.append(
                stack.enter_context(
                    known.materialised(f"select * from ({sql}) as _ml_f where _ml_link is not null")
                )
            )
        yield Relation.union(parts, name="_ml_out_of_fold") if parts else None
