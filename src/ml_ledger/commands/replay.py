"""`ml-ledger replay`: walk the business clock over history, one `dbt build` per month end, in this process."""

from __future__ import annotations

import calendar
import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from ml_ledger.commands.acts import ReplayError, read_acts


def replay(start: str, end: str, *, fresh: bool, warehouse: Path, operations: Path | None = None) -> None:
    """Build at every month end from `start` to `end` (ISO dates), printing a line per step.

    fresh: begin with an empty warehouse. operations: a YAML list of what people did (see `read_acts`), each run after
    the build of the first month end that is not before it. The code path is that of production: only the clock differs.
    Raises ReplayError naming the step that failed; what earlier steps appended stays.
    """
    first, last = _date(start, "--from"), _date(end, "--to")
    if first > last:
        raise ReplayError(f"--from: must not be after --to; got {first} and {last}.")
    clocks = list(month_ends(first, last))
    acts = [] if operations is None else read_acts(operations, first, last)
    if fresh and warehouse.exists() and not _is_duckdb(warehouse):
        raise ReplayError(f"--fresh: would remove {warehouse}, which is not a DuckDB file. Nothing was removed.")
    os.environ["ML_LEDGER_WAREHOUSE"] = str(warehouse)

    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    began = time.monotonic()
    parsed = dbtRunner().invoke(["--quiet", "parse"])
    if not parsed.success:
        raise ReplayError(f"dbt parse failed: {parsed.exception or 'see the messages above'}")
    if fresh:
        for path in (warehouse, warehouse.with_name(warehouse.name + ".wal")):
            path.unlink(missing_ok=True)
    print(f"Replaying {len(clocks)} months, {clocks[0]} to {clocks[-1]}, into {warehouse}", flush=True)
    for number, clock in enumerate(clocks, 1):
        arguments = ["--quiet", "build", "--vars", f"{{ml_clock: '{clock}'}}"]
        if number > 1:  # seeds do not change and unit tests do not depend on the clock
            arguments += ["--exclude-resource-type", "seed", "--exclude-resource-type", "unit_test"]
        step_began = time.monotonic()
        result = dbtRunner(manifest=parsed.result).invoke(arguments)
        if not result.success:
            raise ReplayError(f"the build at {clock} failed: {result.exception or 'see the messages above'}")
        if not warehouse.exists():
            raise ReplayError(
                f"the build did not write to {warehouse}. Fix: let the path of the profile be"
                " \"{{ env_var('ML_LEDGER_WAREHOUSE', 'warehouse.duckdb') }}\"."
            )
        DuckDBConnectionManager.close_all_connections()  # so that the summary can read the file
        done = []
        while acts and acts[0].at <= clock:
            act = acts.pop(0)
            result = dbtRunner(manifest=parsed.result).invoke(act.command(clock))
            if not result.success:
                raise ReplayError(
                    f"{act.operation} at {clock} failed: {result.exception or 'see the messages above'}"
                )
            DuckDBConnectionManager.close_all_connections()
            done.append(act.operation)
        print(
            f"  {number:>2}/{len(clocks)}  {clock}  {_summary(warehouse, clock)}"
            f"{'; ran ' + ', '.join(done) if done else ''}"
            f"  ({time.monotonic() - step_began:.0f} s)",
            flush=True,
        )
    print(f"Replayed {len(clocks)} months in {time.monotonic() - began:.0f} s", flush=True)


def month_ends(start: date, end: date) -> Iterator[date]:
    """The last days of the months from that of `start` to `end`, `end` itself included."""
    year, month = start.year, start.month
    while True:
        last = date(year, month, calendar.monthrange(year, month)[1])
        if last >= end:
            yield end
            return
        yield max(last, start)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _is_duckdb(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ReplayError(f"{option}: must be a date; got '{text}'. Allowed: 1997-06-30.") from None


def _summary(warehouse: Path, clock: date) -> str:
    """What the step left, in words: versions trained, verdicts, decisions."""
    connection = duckdb.connect(str(warehouse), read_only=True)
    try:
        trained = connection.execute(
            "select ml_model || ' version ' || version from ml_versions where trained_at = ? order by all",
            [clock],
        ).fetchall()
        refused = connection.execute(
            "select distinct ml_model || ' version ' || version from ml_gate_checks as c"
            " inner join ml_versions as v using (ml_model, version) where verdict = 'refused' and trained_at = ?",
            [clock],
        ).fetchall()
        champions = connection.execute(
            "select ml_model || ' version ' || version from ml_deployments"
            " where slot = 'champion' and valid_from <= ?1 and coalesce(valid_to > ?1, true) order by all",
            [clock],
        ).fetchall()
        (decisions,) = connection.execute(
            "select count(*) from ml_predictions where decided_at = ? and slot <> 'shadow'", [clock]
        ).fetchall()[0]
    finally:
        connection.close()
    parts = [f"live: {_joined(champions) or 'none'}", f"{decisions:,} decisions"]
    if trained:
        parts.append(f"trained {_joined(trained)}")
    if refused:
        parts.append(f"the gate refused {_joined(refused)}")
    return "; ".join(parts)


def _joined(rows: list[tuple[str]]) -> str:
    return ", ".join(row[0] for row in rows)
