"""What the versions node does: validate, train when due, measure, and return the one row to append."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from ml_ledger.declaration import NEVER, MLModelSpec, parse_spec
from ml_ledger.errors import SpecError, listed
from ml_ledger.evaluation.headlines import HEADLINES
from ml_ledger.evaluation.measure import Metric
from ml_ledger.finite_json import finite_json
from ml_ledger.fitting.fitting import Fitted
from ml_ledger.fitting.measuring import check_scoring, measured
from ml_ledger.leaks.leaks import measured_leaks
from ml_ledger.progress import say
from ml_ledger.sql_literals import literal
from ml_ledger.training.due import why_due
from ml_ledger.training.fit_version import fit_version
from ml_ledger.training.predecessors import Predecessor, predecessors
from ml_ledger.training.provenance import git_commit, library_versions
from ml_ledger.training.reference import reference_statistics
from ml_ledger.training.smoke import measured_smoke_cases
from ml_ledger.training.version import version_table
from ml_ledger.training_set.validation import validate_algorithms, validate_columns, validate_rows
from ml_ledger.training_set.weights import require_usable_weights, trained_on, weights_notice
from ml_ledger.training_set.window import holdout_notice, window_of
from ml_ledger.warehouse import Relation


def train(
    *, ml_model: str, spec: Mapping[str, Any], training_set: Any, history: Any, alerts: Any = None
) -> pa.Table:
    """Train a version of an ML model if one is due; arguments as of `train_if_due`.

    Returns an Arrow table with one row to append, or none when no version is due.
    Raises SpecError or TrainingSetError, naming every problem, before anything is trained or written.
    """
    declared = parse_spec(ml_model, spec)
    rows = Relation(training_set, name="_ml_training_set")
    earlier = None if history is None else Relation(history, name="_ml_history")
    latest = None if earlier is None else latest_version(earlier)
    if latest is not None and latest["task"] != declared.task:
        raise SpecError(
            f"ml_models.{ml_model}.task: cannot change while there are versions of another task; got '{declared.task}'."
            f" Allowed: '{latest['task']}', that of version {latest['version']}. Nothing was written. Fix: declare an"
            " ML model of another name."
        )
    if alerts is None and declared.retraining.on_alerts:
        raise SpecError(
            f"ml_models.{ml_model}.retraining.on_alerts: the versions node does not say what the last run found; got"
            f" {listed(declared.retraining.on_alerts)}. Nothing was written. Fix: in {ml_model}_versions give"
            ' alerts=dbt.ref("ml_last_alerts"), or remove the key.'
        )
    validate_columns(ml_model, declared, rows)
    run = run_of(rows)
    clock = run.clock
    if clock is None and latest is None:
        waits_for = "as-of date before it" if declared.label is None else "matured label with features"
        say(
            f"{ml_model}: nothing to train on yet: at the clock there is no {waits_for}. Fix: wait, or move ml_clock"
            " forward; or check that labels and features share entities and as-of dates"
        )
        return version_table(None)
    found = [] if alerts is None else _alerts_of(ml_model, Relation(alerts, name="_ml_last_alerts"))
    reason = clock and why_due(declared, latest, clock, rows=run.rows, alerts=found)
    if not reason:
        say(f"{ml_model}: no new version is due" + (f" at {clock:%Y-%m-%d}" if clock else ""))
        return version_table(None)
    validate_algorithms(ml_model, declared)
    validate_rows(ml_model, declared, rows)
    if declared.training.refit:
        with_embargo = rows.with_split("case _ml_split when 'embargo' then 'train' else _ml_split end")
        validate_rows(ml_model, declared, with_embargo)
    require_usable_weights(ml_model, declared, rows)
    notice = weights_notice(declared, rows)
    if notice is not None:
        say(f"{ml_model}: {notice}")
    number = 1 if latest is None else latest["version"] + 1
    say(f"{ml_model}: training version {number}: {reason}")
    if declared.never is not None:
        say(f"{ml_model}: {run.never:,} rows never get a label ({declared.never}) and are left out")
    version = fit_version(ml_model, declared, rows)
    window = window_of(declared, rows)
    before = [] if earlier is None else predecessors(declared, earlier, window, rows)
    metrics = [
        *version.choice.metrics,
        *_measure(declared, rows, version.evaluated, before, version.threshold.value),
    ]
    own = version.live.fitted["self"]
    metrics += measured_smoke_cases(declared, rows, own.scoring)
    unasked = holdout_notice(declared, window)
    if unasked is not None:
        say(f"{ml_model}: {unasked}")
    row = {
        "ml_model": ml_model,
        "version": number,
        "task": declared.task,
        "trained_by": run.run_by,
        "trained_because": reason,
        "chosen_because": "; ".join(filter(None, [*version.because(), unasked, version.live.because])) or None,
        "trained_at": clock,
        **window,
        **version.row(),
        "metrics": finite_json([asdict(metric) for metric in metrics], what="metrics", ensure_ascii=True),
        "reference": finite_json(
            reference_statistics(declared, version.live.rows, own.scoring, trained_on(declared)),
            what="statistics of the training rows",
        ),
        "diagnostics": finite_json(
            {**own.fit.diagnostics, **version.threshold.diagnostics, **_left_out(declared, run)},
            what="diagnostics",
            sort_keys=True,
            ensure_ascii=True,
        ),
        "library_versions": library_versions(),
        "git_commit": git_commit(),
        "invocation_id": run.invocation_id,
        "recorded_at": datetime.now(UTC).replace(tzinfo=None),
    }
    say(
        f"{ml_model}: trained version {number} on {window['train_rows']:,} rows; {_headline(declared.task, metrics)}"
    )
    return version_table(row, None if latest is None else latest["content_hash"])


def latest_version(history: Relation) -> dict[str, Any] | None:
    """The latest version, without what it scores with, which may be large."""
    found = history.query(
        "select version, task, spec_hash, trained_at, recorded_at, content_hash, train_rows + holdout_rows as _ml_rows"
        f" from {history.name} order by version desc limit 1"
    )
    return found[0] if found else None


def _alerts_of(ml_model: str, alerts: Relation) -> list[dict[str, Any]]:
    """What the last run found of the ML model."""
    return alerts.query(f"select * from {alerts.name} where ml_model = {literal(ml_model)}")


@dataclass(frozen=True)
class Run:
    """clock: for which the training set was assembled. invocation_id, run_by: of dbt. All None without rows.

    rows: how many a version would be trained and measured on. never: how many never get a label.
    """

    clock: datetime | None
    invocation_id: str | None
    run_by: str | None
    rows: int
    never: int


def _left_out(spec: MLModelSpec, run: Run) -> dict[str, int]:
    """How many rows of the training set never get a label, where the declaration says which."""
    return {} if spec.never is None else {"rows_without_outcome": run.never}


def run_of(rows: Relation) -> Run:
    """What a training set says of the run that assembled it."""
    (row,) = rows.query(
        "select max(_ml_known_at) as _ml_clock, max(_ml_invocation_id) as _ml_invocation_id,"
        " max(_ml_run_by) as _ml_run_by,"
        f" count_if(_ml_split in ('train', 'holdout')) as _ml_rows, count_if(_ml_split = '{NEVER}') as _ml_never"
        f" from {rows.name}"
    )
    return Run(**row)


def _measure(
    spec: MLModelSpec,
    rows: Relation,
    fitted: Mapping[str, Fitted],
    earlier: Sequence[Predecessor],
    threshold: float | None,
) -> list[Metric]:
    """Metrics of the version, of its baselines and of every earlier version that still can score, on both splits.

    Of the version alone: on the declared slices of the holdout, and what its features know.
    """
    scorers = {scored_by: item.scoring for scored_by, item in fitted.items()}
    metrics: list[Metric] = []
    for version in earlier:
        if version.is_readable:
            scorers[version.scored_by] = version.scoring
            metrics += version.marked()
        else:
            metrics.append(Metric("holdout", "all", version.scored_by, "scored_share", 0.0, None, None, 0))
    datasets = {split: f"_ml_split = '{split}'" for split in ("train", "holdout")}
    metrics += measured(spec, rows, scorers, datasets, slices_of="holdout", threshold=threshold)
    metrics += measured_leaks(spec, rows, fitted["self"].scoring.features)
    for scored_by, item in fitted.items():
        check_scoring(spec, scored_by, item, rows, where="_ml_split in ('train', 'holdout')")
    return metrics


def _headline(task: str, metrics: Sequence[Metric]) -> str:
    name, title = HEADLINES[task]
    parts = [
        f"{metric.scored_by} {metric.value:.4f}"
        for metric in metrics
        if (metric.dataset, metric.slice, metric.metric) == ("holdout", "all", name)
    ]
    return f"holdout {title}: {', '.join(parts)}" if parts else "nothing in the holdout could be scored"
