"""`ml-ledger replay`: walk the business clock over history, one `dbt build` per period, in this process."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Set
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from ml_ledger.commands.acts import ReplayError, read_acts
from ml_ledger.commands.other_spec import merged, schema_named
from ml_ledger.commands.periods import period_ends
from ml_ledger.commands.replay_summary import comparison, details, step
from ml_ledger.commands.warehouse_file import REPLAY_PREFIX, SCHEMA_VARIABLE, ledgers_of, opened


def replay(
    start: str,
    end: str,
    *,
    fresh: bool,
    warehouse: Path,
    operations: Path | None = None,
    every: str = "month",
    spec: Path | None = None,
    schema: str | None = None,
) -> None:
    """Build at the end of every period from `start` to `end` (ISO dates), printing what each step did.

    fresh: begin with an empty warehouse, or with an empty schema where one is named. operations: a YAML list of what
    people did (see `read_acts`), each run after the build of the first clock that is not before it. every: day, week,
    month or quarter. spec: a YAML of declarations in place of those of the project (see `merged`), built into a schema
    of its own. schema: that schema. The code path is that of production: only clock, schema and declarations
    differ.
    Raises ReplayError naming the step that failed; what earlier steps appended stays.
    """
    first, last = _date(start, "--from"), _date(end, "--to")
    if first > last:
        raise ReplayError(f"--from: must not be after --to; got {first} and {last}.")
    clocks = list(period_ends(first, last, every))
    acts = [] if operations is None else read_acts(operations, first, last)
    schema = schema_named(schema, spec)
    variables: dict[str, Any] = {} if spec is None else {"ml_models": merged(Path(), spec)}
    if fresh and warehouse.exists() and not _is_duckdb(warehouse):
        raise ReplayError(f"--fresh: would remove {warehouse}, which is not a DuckDB file. Nothing was removed.")
    os.environ["ML_LEDGER_WAREHOUSE"] = str(warehouse)
    if schema is not None:
        os.environ[SCHEMA_VARIABLE] = schema

    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    began = time.monotonic()
    parsed = dbtRunner().invoke(["--quiet", "parse", "--vars", json.dumps(variables)])
    if not parsed.success:
        raise ReplayError(f"dbt parse failed: {parsed.exception or 'see the messages above'}")
    DuckDBConnectionManager.close_all_connections()
    if schema is not None:
        _refuse_other_schemas(parsed.result, schema)
    if fresh:
        _remove(warehouse, set() if schema is None else _schemas_of(parsed.result))
    into = f"{warehouse}, schema {schema}" if schema else warehouse
    print(f"Replaying {_counted(clocks, every)}, {clocks[0]} to {clocks[-1]}, into {into}", flush=True)
    for number, clock in enumerate(clocks, 1):
        of_step = json.dumps(variables | {"ml_clock": str(clock)})
        # Unit tests depend neither on the clock nor on data, and seeds do not change.
        arguments = ["--quiet", "build", "--vars", of_step, "--exclude-resource-type", "unit_test"]
        if number > 1:
            arguments += ["--exclude-resource-type", "seed"]
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
            result = dbtRunner(manifest=parsed.result).invoke(act.command(clock, variables))
            if not result.success:
                raise ReplayError(
                    f"{act.operation} at {clock} failed: {result.exception or 'see the messages above'}"
                )
            DuckDBConnectionManager.close_all_connections()
            done.append(act.operation)
        connection = opened(warehouse, schema)
        try:
            said = step(connection, clock)
            below = list(details(connection, clock, clocks[number - 2] if number > 1 else None))
        finally:
            connection.close()
        ran = f"; ran {', '.join(done)}" if done else ""
        print(f"  {number:>2}/{len(clocks)}  {clock}  {said}{ran}  ({time.monotonic() - step_began:.0f} s)")
        for line in below:
            print(f"         {line}")
        print(end="", flush=True)
    print(f"Replayed {_counted(clocks, every)} in {time.monotonic() - began:.0f} s")
    connection = opened(warehouse, schema)
    try:
        others = [name for name in ledgers_of(connection) if schema and not name.startswith(REPLAY_PREFIX)]
        ((used,),) = connection.execute("select current_schema()").fetchall()
        for line in comparison(connection, [used, *others]):
            print(line)
    finally:
        connection.close()


def _counted(clocks: list[date], every: str) -> str:
    return f"{len(clocks)} {every}{'' if len(clocks) == 1 else 's'}"


def _refuse_other_schemas(manifest: Any, schema: str) -> None:
    """Raise where a node would be built outside of the schema: the profile does not ask for its name."""
    others = sorted(
        {name for name in _schemas_of(manifest) if name != schema and not name.startswith(f"{schema}_")}
    )
    if others:
        raise ReplayError(
            f"--schema: the project would be built into {', '.join(others)}, not into {schema}. Nothing was written."
            f" Fix: let the schema of the profile be \"{{{{ env_var('{SCHEMA_VARIABLE}', '{others[0]}') }}}}\"."
        )


def _schemas_of(manifest: Any) -> set[str]:
    built = ("model", "seed", "snapshot")
    return {node.schema for node in manifest.nodes.values() if str(node.resource_type) in built}


def _remove(warehouse: Path, schemas: Set[str]) -> None:
    """What earlier replays left in these schemas, or the whole warehouse where none is named."""
    if not schemas:
        for path in (warehouse, warehouse.with_name(warehouse.name + ".wal")):
            path.unlink(missing_ok=True)
    elif warehouse.exists():
        with duckdb.connect(str(warehouse)) as connection:
            for name in schemas:
                connection.execute(f'drop schema if exists "{name}" cascade')


def _is_duckdb(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ReplayError(f"{option}: must be a date; got '{text}'. Allowed: 1997-06-30.") from None
