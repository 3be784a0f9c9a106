"""Where dbt builds: a target of a profile, read as dbt reads it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_ledger.errors import WarehouseError

ADAPTER = "duckdb"
# DuckDB takes a name with a scheme, as md: or ducklake:, for what is not a file; one letter is a drive.
NO_FILE = re.compile(r":memory:|[A-Za-z][A-Za-z0-9+.-]+:.*")


@dataclass(frozen=True)
class ProfileOptions:
    """How dbt is asked for a target; None for its own default, which its environment variables may set."""

    project: Path
    profiles_dir: Path | None = None
    profile: str | None = None
    target: str | None = None
    variables: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Place:
    """A schema of a DuckDB file."""

    path: Path
    schema: str

    def __str__(self) -> str:
        return f"{self.path}, schema {self.schema}"


@dataclass(frozen=True)
class Target:
    """A target of a profile.

    settings: its keys as they are written, with expressions that nobody has rendered. places: of each target of the
    profile that can be read, by name, with this one. profiles: the folder of profiles.yml. artifacts: the folder in
    which dbt keeps what it makes of a run.
    """

    profile: str
    name: str
    place: Place
    settings: Mapping[str, Any]
    places: Mapping[str, Place]
    project: Path
    profiles: Path
    artifacts: Path

    def __str__(self) -> str:
        return f"target {self.name} of profile {self.profile}"


def read_target(options: ProfileOptions) -> Target:
    """The target that dbt would use: by options, by its environment variables, by the profile.

    Raises WarehouseError where there is none, it is of another adapter than duckdb, or keeps no file.
    """
    # They take seconds to import, which nobody waits for who names a file.
    from click import ClickException
    from dbt.cli.flags import Flags, args_to_context
    from dbt.config.profile import Profile, read_profile
    from dbt.config.project import load_raw_project
    from dbt.config.renderer import ProfileRenderer
    from dbt.flags import set_flags
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    set_invocation_context(os.environ)  # what env_var() looks into
    try:
        flags = Flags(args_to_context(["parse", *_arguments(options)]))
        set_flags(flags)
        renderer = ProfileRenderer(dict(flags.VARS))
        declared = load_raw_project(flags.PROJECT_DIR)
        profile = Profile.pick_profile_name(flags.PROFILE, renderer.render_value(declared.get("profile")))
        written = read_profile(flags.PROFILES_DIR).get(profile)
        if not written:
            raise WarehouseError(
                f"profile {profile}: is not in {Path(flags.PROFILES_DIR, 'profiles.yml')}. Fix: name its folder with"
                " --profiles-dir, the profile with --profile, or a DuckDB file with --warehouse."
            )
        name, settings = Profile.render_profile(written, profile, flags.TARGET, renderer)
        place = _place(f"profile {profile}, target {name}", settings)
        places = {}
        for other in written["outputs"]:
            try:
                places[other] = _place(other, Profile.render_profile(written, profile, other, renderer)[1])
            except (DbtBaseException, WarehouseError):
                continue  # what cannot be read cannot be built into either
    except (DbtBaseException, ClickException, ValueError) as error:  # YAML dates that do not exist are the last
        said = error.message if isinstance(error, ClickException) else str(error)
        raise WarehouseError(
            f"the profile cannot be read: {' '.join(said.split()).rstrip('.')}. Fix: run it in the folder of"
            " dbt_project.yml, or name that with --project-dir; or name a DuckDB file with --warehouse."
        ) from None
    folder = flags.TARGET_PATH or declared.get("target-path") or "target"
    return Target(
        profile=profile,
        name=name,
        place=place,
        settings=written["outputs"][name],
        places=places,
        project=Path(flags.PROJECT_DIR),
        profiles=Path(flags.PROFILES_DIR),
        artifacts=Path(flags.PROJECT_DIR) / folder,
    )


def _arguments(options: ProfileOptions) -> Iterator[str]:
    given = {
        "--project-dir": options.project,
        "--profiles-dir": options.profiles_dir,
        "--profile": options.profile,
        "--target": options.target,
        "--vars": json.dumps(options.variables, default=str) if options.variables else None,
    }
    for option, value in given.items():
        if value is not None:
            yield from (option, str(value))


def _place(where: str, settings: Mapping[str, Any]) -> Place:
    """The file and the schema of rendered settings. where: how messages call the target."""
    adapter = settings.get("type")
    if adapter != ADAPTER:
        raise WarehouseError(
            f"{where}: is of adapter '{adapter}', which this command cannot read. Allowed: {ADAPTER}. Fix: name"
            " another target with --target, or a DuckDB file with --warehouse."
        )
    path = str(settings.get("path") or ":memory:")
    if NO_FILE.fullmatch(path) or settings.get("remote"):
        raise WarehouseError(
            f"{where}: keeps no file; its path is '{path}'. Allowed: the path of a DuckDB file. Fix: name another"
            " target with --target, or a DuckDB file with --warehouse."
        )
    return Place(Path(path).expanduser(), str(settings.get("schema") or "main"))
