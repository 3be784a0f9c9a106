"""`ml-ledger replay`: walk the business clock over history, one `dbt build` per period, in this process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ml_ledger.commands.clock import today
from ml_ledger.commands.replay.acts import Act, ReplayError, read_acts
from ml_ledger.commands.replay.destination import (
    Destination,
    destination,
    emptied,
    profile_of,
    refuse_elsewhere,
    refuse_to_remove,
)
from ml_ledger.commands.replay.other_spec import merged, schema_named
from ml_ledger.commands.replay.periods import period_ends
from ml_ledger.commands.replay.replay_summary import comparison, details, step
from ml_ledger.project.target import ProfileOptions, read_target
from ml_ledger.project.warehouse_file import REPLAY_PREFIX, ledgers_of, opened

# The view of the package whose schema is that of the ledger.
LEDGER = "model.ml_ledger.ml_deployments"


def replay(
    start: str,
    end: str,
    *,
    fresh: bool,
    profile: ProfileOptions,
    warehouse: Path | None = None,
    schema: str | None = None,
    into_target: str | None = None,
    operations: Path | None = None,
    every: str = "month",
    spec: Path | None = None,
) -> None:
    """Build at the end of every period from `start` to `end` (ISO dates), printing what each step did.

    profile: how dbt finds the target. warehouse, schema, into_target: where to build (see `destination`). fresh:
    begin with that empty. operations: a YAML list of what people did (see `read_acts`), each run after the build of
    the first clock that is not before it. every: day, week, month or quarter. spec: a YAML of declarations in place
    of those of the project (see `merged`), built into a schema of its own. The code path is that of production: only
    clock, place and declarations differ. Raises ReplayError naming the step that failed; what earlier steps appended
    stays.
    """
    first, last = _date(start, "--from"), _date(end, "--to")
    if first > last:
        raise ReplayError(f"--from: must not be after --to; got {first} and {last}.")
    if last > today():
        raise ReplayError(f"--to: must not be after today; got {last}. Allowed: a date up to {today()}, in UTC.")
    if "ml_clock" in (profile.variables or {}):
        raise ReplayError("--vars: ml_clock is what a replay sets itself. Fix: say it by --from and --to.")
    clocks = list(period_ends(first, last, every))
    acts = [] if operations is None else read_acts(operations, first, last)
    schema = schema_named(schema, spec)
    variables = dict(profile.variables or {}) | (
        {} if spec is None else {"ml_models": merged(profile.project, spec)}
    )
    target = read_target(profile)
    where = destination(target, schema=schema, warehouse=warehouse, into_target=into_target)
    if fresh:
        refuse_to_remove(where)
    with profile_of(where) as profiles:
        options = ["--project-dir", str(target.project), "--profiles-dir", str(profiles)]
        options += ["--profile", target.profile, "--target", target.name]
        # What dbt says of the last build of the project stays as it is.
        options += ["--target-path", str((target.artifacts / "replay").absolute())]
        _walk(clocks, acts, where=where, fresh=fresh, options=options, variables=variables, every=every)


def _walk(
    clocks: Sequence[date],
    acts: list[Act],
    *,
    where: Destination,
    fresh: bool,
    options: Sequence[str],
    variables: Mapping[str, Any],
    every: str,
) -> None:
    """Build at each clock, and say what that did."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    began, path = time.monotonic(), where.place.path
    manifest: Any = None

    def run(what: str, arguments: Sequence[str]) -> Any:
        result = dbtRunner(manifest=manifest).invoke([*arguments, *options])
        DuckDBConnectionManager.close_all_connections()  # so that the summary can read the file
        if not result.success:
            raise ReplayError(f"{what} failed: {result.exception or 'see the messages above'}")
        return result.result

    manifest = run("dbt parse", ["--quiet", "parse", "--vars", json.dumps(variables, default=str)])
    refuse_elsewhere(where, manifest)
    if fresh:
        emptied(where, manifest)
    ledger = manifest.nodes[LEDGER].schema
    print(f"Replaying {_counted(clocks, every)}, {clocks[0]} to {clocks[-1]}, into {where}", flush=True)
    for number, clock in enumerate(clocks, 1):
        step_began = time.monotonic()
        done = _step(number, clock, acts, run=run, variables=variables)
        with opened(path, ledger) as connection:
            said = step(connection, clock)
            below = list(details(connection, clock, clocks[number - 2] if number > 1 else None))
        ran = f"; ran {', '.join(done)}" if done else ""
        print(f"  {number:>2}/{len(clocks)}  {clock}  {said}{ran}  ({time.monotonic() - step_began:.0f} s)")
        for line in below:
            print(f"         {line}")
        print(end="", flush=True)
    print(f"Replayed {_counted(clocks, every)} in {time.monotonic() - began:.0f} s")
    with opened(path, ledger) as connection:
        others = [name for name in ledgers_of(connection) if not name.startswith(REPLAY_PREFIX)]
        beside = [name for name in others if where.kind == "schema" and name != ledger]
        for line in comparison(connection, [ledger, *beside]):
            print(line)


def _step(
    number: int,
    clock: date,
    acts: list[Act],
    *,
    run: Callable[[str, Sequence[str]], Any],
    variables: Mapping[str, Any],
) -> list[str]:
    """Build at a clock, then do what people did by then; returns the names of these operations."""
    of_step = json.dumps({**variables, "ml_clock": str(clock)}, default=str)
    # Unit tests depend neither on the clock nor on data, and seeds do not change.
    left_out = ["unit_test", *(["seed"] if number > 1 else [])]
    excluded = [part for kind in left_out for part in ("--exclude-resource-type", kind)]
    run(f"the build at {clock}", ["--quiet", "build", "--vars", of_step, *excluded])
    done = []
    while acts and acts[0].at <= clock:
        act = acts.pop(0)
        run(f"{act.operation} at {clock}", act.command(clock, variables))
        done.append(act.operation)
    return done


def _counted(clocks: Sequence[date], every: str) -> str:
    return f"{len(clocks)} {every}{'' if len(clocks) == 1 else 's'}"


def _date(text: str, option: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise ReplayError(f"{option}: must be a date that exists; got '{text}'. Allowed: 1997-06-30.")
    return found
