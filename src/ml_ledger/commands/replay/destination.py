"""Where a replay builds: a schema or a file of its own, or a target that was named for it; never production's file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import yaml

from ml_ledger.commands.replay.acts import ReplayError
from ml_ledger.errors import Problem, listed, raise_if_any
from ml_ledger.project.target import Place, Target
from ml_ledger.project.warehouse_file import connected
from ml_ledger.warehouse import quoted

# In the profile, and wherever else a project asks for the schema of its ledger.
SCHEMA_VARIABLE = "ML_LEDGER_SCHEMA"
# How names of targets begin whose files no replay writes to.
PRODUCTION = "prod"
BUILT = ("model", "seed", "snapshot")
NAMED = 3


@dataclass(frozen=True)
class Destination:
    """Where a replay builds: in a schema or a file of its own, or in the place of the target's own ledger."""

    place: Place
    kind: Literal["schema", "file", "target"]
    target: Target

    def __str__(self) -> str:
        return f"{self.place}" if self.kind != "target" else f"{self.place}, {self.target}"


def destination(
    target: Target, *, schema: str | None, warehouse: Path | None, into_target: str | None
) -> Destination:
    """Where to build, by what was asked. Raises ReplayError before anything is touched where that is not safe.

    schema: a replay's (see `schema_named`); warehouse: a DuckDB file; into_target: the name of the target, which says
    that its own ledger is meant. One of them must be given.
    """
    kind: Literal["schema", "file", "target"] = "target" if into_target else "schema" if schema else "file"
    place = Place(warehouse or target.place.path, schema or target.place.schema)
    raise_if_any(list(_problems(target, place, schema, warehouse, into_target)), ReplayError, "replay")
    return Destination(place, kind, target)


def _problems(
    target: Target, place: Place, schema: str | None, warehouse: Path | None, into_target: str | None
) -> Iterator[Problem]:
    if into_target is not None:
        if schema is not None or warehouse is not None:
            what = "builds the project as it is, into the target as it is"
            yield Problem(
                "--into-target", what, fix="leave out --spec, --schema and --warehouse, or --into-target"
            )
        if into_target != target.name:
            yield Problem("--into-target", "is not the target that dbt would use", into_target, target.name)
    elif schema is None and warehouse is None:
        yield Problem(
            "replay",
            "does not know where to build",
            allowed=f"--schema replay_…, beside the ledger in {target.place}; --warehouse FILE, a file of its own; or"
            f" --into-target {target.name}, in the place of that ledger",
        )
    for name, other in target.places.items():
        if not _same_file(place.path, other.path):
            continue
        if name.lower().startswith(PRODUCTION):
            what = f"is the file of target {name}, and a replay writes to no file of a target whose name begins so"
            yield Problem(str(place.path), what, fix="copy the file, and name the copy with --warehouse")
        elif warehouse is not None and schema is None:
            what = f"is the file of target {name}, and would get builds of the past"
            yield Problem(
                f"--warehouse: {warehouse}",
                what,
                fix="name another file; or add --schema replay_…, to build beside it",
            )
        elif schema is not None and schema == other.schema:
            yield Problem(f"--schema: {schema}", f"is where target {name} builds", fix="name another schema")


def refuse_to_remove(where: Destination) -> None:
    """Raise where --fresh would take what is not a DuckDB file."""
    path = where.place.path
    if path.exists() and not _is_duckdb(path):
        raise ReplayError(f"--fresh: would remove {path}, which is not a DuckDB file. Nothing was removed.")


@contextmanager
def profile_of(where: Destination) -> Iterator[Path]:
    """A folder with a profile by which dbt builds there: that of the project, but for the file and the schema."""
    if where.kind == "target":
        yield where.target.profiles
        return
    settings = {key: value for key, value in where.target.settings.items() if key != "database"}
    settings |= {"path": str(where.place.path), "schema": where.place.schema}
    profile = {"target": where.target.name, "outputs": {where.target.name: settings}}
    before = os.environ.get(SCHEMA_VARIABLE)
    with TemporaryDirectory() as folder:
        text = yaml.safe_dump({where.target.profile: profile}, sort_keys=False)
        Path(folder, "profiles.yml").write_text(text, encoding="utf-8")
        os.environ[SCHEMA_VARIABLE] = where.place.schema
        try:
            yield Path(folder)
        finally:
            os.environ.pop(SCHEMA_VARIABLE)
            if before is not None:
                os.environ[SCHEMA_VARIABLE] = before


def refuse_elsewhere(where: Destination, manifest: Any) -> None:
    """Raise where a node of the project would be built outside of what is the replay's own."""
    if where.kind == "target":
        return
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    database = DuckDBCredentials.path_derived_database_name(str(where.place.path)).lower()
    schema = where.place.schema
    elsewhere: dict[tuple[str, str], list[str]] = {}
    for node in _built(manifest):
        if node.config.materialized == "external":
            key = "files", "their materialization is external, and production writes the same files"
        elif str(node.database).lower() != database:
            key = f"database {node.database}", f"it is not that of {where.place.path}"
        elif where.kind == "schema" and node.schema != schema and not node.schema.startswith(f"{schema}_"):
            key = f"schema {node.schema}", "let the macro generate_schema_name begin with target.schema"
        else:
            continue
        elsewhere.setdefault(key, []).append(node.name)
    raise_if_any(
        [
            Problem(place, f"{_counted(names)} would be built there, outside of {where.place}", fix=why)
            for (place, why), names in sorted(elsewhere.items())
        ],
        ReplayError,
        "replay",
    )


def emptied(where: Destination, manifest: Any) -> None:
    """Remove what is there: the schemas that the project builds into, or the whole file where that is the replay's.

    Raises ReplayError where the file holds sources, which no build brings back.
    """
    path = where.place.path
    if not path.exists():
        return
    if where.kind == "schema":
        with connected(path, read_only=False) as connection:
            for schema in {node.schema for node in _built(manifest)}:
                connection.execute(f"drop schema if exists {quoted(schema)} cascade")
        return
    sources = _sources_in(path, manifest)
    if sources:
        raise ReplayError(
            f"--fresh: would remove {_counted(sources)}, which no build brings back, with {path}. Nothing was removed."
            " Fix: leave out --fresh; or build beside them, with --schema replay_…"
        )
    for file in (path, path.with_name(path.name + ".wal")):
        file.unlink(missing_ok=True)


def _sources_in(path: Path, manifest: Any) -> list[str]:
    """The sources of the project that are tables of the file, and that it does not build itself."""
    built = {(node.schema.lower(), node.alias.lower()) for node in _built(manifest)}
    with connected(path) as connection:
        there = connection.execute(
            "select lower(table_schema), lower(table_name) from information_schema.tables"
            " where table_catalog = current_database()"
        ).fetchall()
    declared = {(source.schema.lower(), source.identifier.lower()) for source in manifest.sources.values()}
    return [f"{schema}.{name}" for schema, name in sorted(declared & set(there) - built)]


def _built(manifest: Any) -> list[Any]:
    """The nodes that dbt writes somewhere."""
    return [
        node
        for node in manifest.nodes.values()
        if str(node.resource_type) in BUILT and node.config.materialized != "ephemeral"
    ]


def _counted(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return listed(sorted(names)[:NAMED]) + more


def _same_file(one: Path, other: Path) -> bool:
    return one.samefile(other) if one.exists() and other.exists() else one.resolve() == other.resolve()


def _is_duckdb(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"
