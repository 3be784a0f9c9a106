"""What the versions node calls: it trains when it is due, and what keeps a version from being trained stops nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pyarrow as pa

from ml_ledger.declaration import parse_spec
from ml_ledger.training.attempts import SETTLED, Attempt, AttemptLog, kind_of, message_of, say_failed
from ml_ledger.training.fit_version import fingerprint_of
from ml_ledger.training.run import latest_version, run_of, train
from ml_ledger.training.version import version_table
from ml_ledger.training_set.validation import unreadable_features
from ml_ledger.warehouse import Relation


def train_if_due(
    *,
    ml_model: str,
    spec: Mapping[str, Any],
    training_set: Any,
    history: Any,
    alerts: Any = None,
    session: Any = None,
    this: Any = None,
) -> pa.Table:
    """Train a version of an ML model if one is due.

    ml_model: its name under `vars.ml_models`. spec: its declaration, as written there.
    training_set: the relation that the macro `training_set` built. history: the versions so far, or None.
    alerts: the relation `ml_last_alerts`, what the last run found; None where no alert is to train anything.
    session, this: as dbt gives them to the node (`this=dbt.this`). With both, nothing is raised that keeps a version
    from being trained: it is logged and recorded as a row of `ml_training_attempts`.

    Returns an Arrow table with one row to append, or none when no version is due, or none could be trained.
    Raises, without session and this, what kept a version from being trained: SpecError or TrainingSetError, naming
    every problem, before anything is trained or written; VersionError; what an estimator raises.
    """
    given = {"ml_model": ml_model, "spec": spec, "training_set": training_set, "history": history}
    if session is None or this is None:
        return train(**given, alerts=alerts)
    log = AttemptLog(session, this)
    failed = None
    try:
        trained = train(**given, alerts=alerts)
    except Exception as error:  # whatever it is, what is live goes on deciding
        trained, failed = version_table(None), error
    if not trained.num_rows:
        _record(log, failed, **given)
    return trained


def _record(
    log: AttemptLog, failed: Exception | None, *, ml_model: str, spec: Any, training_set: Any, history: Any
) -> None:
    """Record why no version was made; or, where one failed to be made before, that none is due any more."""
    newest = None
    with suppress(Exception):  # of what cannot be read, the attempt says nothing
        newest = None if history is None else latest_version(Relation(history, name="_ml_history"))
    known: dict[str, Any] = {"attempted_at": None}
    with suppress(Exception):
        rows = Relation(training_set, name="_ml_training_set")
        run = run_of(rows)
        known |= {"attempted_at": run.clock, "invocation_id": run.invocation_id}
        declared = parse_spec(ml_model, spec)
        known["spec_hash"] = declared.fingerprint()
        known["training_set_fingerprint"] = fingerprint_of(declared, rows)
    if failed is not None:
        say_failed(ml_model, failed, version=None if newest is None else newest["version"])
        stops = unreadable_features(spec, training_set)
        log.append(
            Attempt(
                ml_model=ml_model, kind=kind_of(failed), message=message_of(failed), stops_scoring=stops, **known
            )
        )
        return
    before = log.latest()
    if before is None or before.kind == SETTLED:
        return
    if known["attempted_at"] and (newest is None or newest["recorded_at"] < before.recorded_at):
        log.append(Attempt(ml_model=ml_model, kind=SETTLED, message="no version is due any more", **known))
