"""Training that made no version: what kept it, as rows of a table beside the versions.

dbt skips everything that depends on a node which raises, in every ML model. So the versions node raises for no
reason of training: it says why, writes it down here, and hands over no row, and what is live goes on deciding.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import duckdb

from ml_ledger.errors import DependencyError, MLLedgerError, SpecError, TrainingSetError, VersionError
from ml_ledger.progress import say
from ml_ledger.training.due import ClockError
from ml_ledger.warehouse import quoted

# What is not raised on purpose comes from an estimator, or the engine, while it fits.
KINDS: tuple[tuple[type[MLLedgerError], str], ...] = (
    (SpecError, "invalid_declaration"),
    (TrainingSetError, "training_set_refused"),
    (VersionError, "version_refused"),
    (DependencyError, "library_missing"),
    (ClockError, "clock_refused"),
)
OTHERS = "fit_failed"
# Not a failure: after one, no version is due any more, since the declaration is what it was, for example.
SETTLED = "settled"


@dataclass(frozen=True)
class Attempt:
    """A row of the table.

    attempted_at: the clock; None where the training set has no row that says it. stops_scoring: whether what is live
    cannot decide either, since its features cannot be read.
    """

    ml_model: str
    attempted_at: datetime | None
    kind: str
    message: str
    stops_scoring: bool = False
    spec_hash: str | None = None
    training_set_fingerprint: str | None = None
    invocation_id: str | None = None
    recorded_at: datetime | None = None

    def is_again(self, latest: Attempt | None) -> bool:
        """Whether it says what the latest row says: the same outcome at the same clock."""
        return latest is not None and (self.attempted_at, self.kind, self.message) == (
            latest.attempted_at,
            latest.kind,
            latest.message,
        )


class AttemptLog:
    """The table `<versions>_attempts`, in the schema of the versions.

    It is written on a connection of its own, and committed at once: an error may have ended the transaction of the
    node, and what dbt does with the node later takes nothing of it back.
    """

    TYPES = ("varchar", "timestamp", "varchar", "varchar", "boolean", "varchar", "varchar", "varchar", "timestamp")

    def __init__(self, session: duckdb.DuckDBPyConnection, this: Any) -> None:
        """session and this: what dbt gives a Python model, as `session` and `dbt.this`."""
        self._session = session
        names = (this.database, this.schema, f"{this.identifier}_attempts")
        self.table = ".".join(quoted(name) for name in names if name and name != "None")

    def append(self, attempt: Attempt) -> None:
        """Append a row, unless the latest one says the same."""
        with self._session.cursor() as connection:
            columns = ", ".join(
                f"{field.name} {type_}" for field, type_ in zip(fields(Attempt), self.TYPES, strict=True)
            )
            connection.execute(f"create table if not exists {self.table} ({columns})")
            if attempt.is_again(self._latest(connection)):
                return
            values = [getattr(attempt, field.name) for field in fields(Attempt)]
            values[-1] = datetime.now(UTC).replace(tzinfo=None)
            marks = ", ".join("?" for _ in values)
            connection.execute(f"insert into {self.table} values ({marks})", values)

    def latest(self) -> Attempt | None:
        """The row that was written last; None where there is none."""
        with self._session.cursor() as connection:
            return self._latest(connection)

    def _latest(self, connection: duckdb.DuckDBPyConnection) -> Attempt | None:
        names = ", ".join(field.name for field in fields(Attempt))
        try:
            found = connection.execute(
                f"select {names} from {self.table} order by recorded_at desc limit 1"
            ).fetchall()
        except duckdb.CatalogException:
            return None
        return Attempt(*found[0]) if found else None


def kind_of(error: Exception) -> str:
    """What kept a version from being made, in a word."""
    return next((kind for type_, kind in KINDS if isinstance(error, type_)), OTHERS)


def message_of(error: Exception) -> str:
    """What an error says; of one that nobody raised on purpose also of which type it is."""
    return str(error) if isinstance(error, MLLedgerError) else f"{type(error).__name__}: {error}"


def say_failed(ml_model: str, error: Exception, *, version: int | None) -> None:
    """Tell who runs the build, with the stack where the error was not raised on purpose. version: the newest."""
    goes_on = (
        "there is none yet" if version is None else f"version {version} is the newest, and what is live decides"
    )
    text = f"{ml_model}: no version was trained ({goes_on}): {message_of(error)}"
    if not isinstance(error, MLLedgerError):
        text += "\n" + "".join(traceback.format_exception(error))
    say(text, level="error" if version is None else "warning")
