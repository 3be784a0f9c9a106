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

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    spec : mapping
        Declaration of the ML model, as written there.
    training_set : duckdb.DuckDBPyRelation
        What the macro `training_set` selects: one row per entity and as-of date, with the features, the label and
        columns such as `_ml_split` and `_ml_weight`.
    history : duckdb.DuckDBPyRelation or None
        Versions so far; None before the first build.
    alerts : duckdb.DuckDBPyRelation, optional
        `ml_last_alerts`, what the last run found; None if no alert triggers training.
    session : duckdb.DuckDBPyConnection, optional
        Connection that dbt gives to the node.
    this : dbt relation, optional
        `dbt.this`. With it and `session`, an error that keeps a version from being trained is logged and recorded as a
        row of `ml_training_attempts` rather than raised, so that dbt does not skip the nodes that depend on this one.

    Returns
    -------
    pyarrow.Table
        One row of `ml_versions` to append; no row if no version is due, or none could be trained.

    Raises
    ------
    SpecError
        Where the declaration is not valid. All problems are named, and nothing has been trained or written. This and
        the following are raised only without `session` and `this`.
    TrainingSetError
        Where the training set cannot be trained on as declared; again with all problems.
    VersionError
        Where the fitted version does not do what it must: it does not converge, or its SQL does not reproduce the
        scores of its estimator.
    DependencyError
        Where family `python` is declared and the extra `onnx` is not installed.
    WarehouseError
        Where `training_set` or `history` is not a DuckDB relation.
    MLLedgerError
        Where the declaration has changed and the clock lies before that of the newest version.

    Notes
    -----
    Errors that an estimator or the engine raises while fitting are passed on unchanged. Progress is logged.

    Examples
    --------
    In dbt, `ml_ledger.nodes.versions` calls this. It also trains outside dbt, on any relation of the right columns:

    >>> import duckdb
    >>> training_set = duckdb.sql('''
    ...     select
    ...         e as customer,
    ...         case when e % 4 = 3 then date '2024-05-01' else date '2024-01-01' end as month,
    ...         case when e % 4 = 3 then 'holdout' else 'train' end as _ml_split,
    ...         hash('age', e) % 60 + 18.0 as age,
    ...         cast(hash('luck', e) % 60 < age - 18 as integer) as bought,
    ...         1.0 as _ml_weight,
    ...         timestamp '2024-06-01' as _ml_matured_at,
    ...         timestamp '2024-12-01' as _ml_known_at,
    ...         'by hand' as _ml_invocation_id,
    ...         'ana' as _ml_run_by
    ...     from range(400) as entities (e)
    ... ''')
    >>> spec = {
    ...     "task": "binary",
    ...     "entity": "customer",
    ...     "as_of": "month",
    ...     "label": "bought",
    ...     "features": {"age": {"kind": "numeric"}},
    ...     "algorithm": {"family": "logistic"},
    ...     "baselines": {"constant": {"family": "constant"}},
    ...     "decision": {"threshold": 0.5, "positive": "act", "negative": "wait", "fallback": "wait"},
    ... }
    >>> from ml_ledger import train_if_due
    >>> version = train_if_due(ml_model="purchase", spec=spec, training_set=training_set, history=None)
    >>> version.select(["version", "trained_because", "train_rows", "holdout_rows"]).to_pylist()
    [{'version': 1, 'trained_because': 'first version', 'train_rows': 300, 'holdout_rows': 100}]
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
