"""The commands that write into a project what people would copy: init, new, sync, add."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from ml_ledger.errors import SpecError, WarehouseError
from ml_ledger.project.dbt_project import given_variables, project_folder
from ml_ledger.project.target import ProfileOptions, read_target


def add_scaffold(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Commands that write into the project what people would copy."""
    init = add("init", _init, "prepare a dbt project: packages.yml and vars.ml_models", reads=False)
    place = "folder of the dbt package, or GIT_ADDRESS@REVISION (default: where this library comes from)"
    init.add_argument("--package", metavar="WHERE", help=place)

    new = add(
        "new", _new, "declare an ML model by what its features and labels hold, and write its nodes", reads=False
    )
    new.add_argument("ml_model", help="its name: lower case letters, digits and _")
    where = new.add_mutually_exclusive_group(required=True)
    where.add_argument("--features", metavar="MODEL", help="dbt model with the features, built")
    table = "dbt model, seed or source.table that holds features and label; a dbt model of each is written"
    where.add_argument("--from-table", metavar="TABLE", help=table)
    new.add_argument("--labels", metavar="MODEL", help="dbt model with the labels, built; none for a clustering")
    new.add_argument("--entity", metavar="COLUMN", help="key of what is decided about")
    new.add_argument("--as-of", metavar="COLUMN", help="the as-of date")
    new.add_argument("--label", metavar="COLUMN", help="what is predicted")
    known = (
        "days after the as-of date until a label of --from-table is known (default: its column matured_at says it)"
    )
    new.add_argument("--matured-after", type=int, metavar="DAYS", help=known)
    new.add_argument("--task", choices=("binary", "multiclass", "regression", "clustering"))

    sync = add("sync", _sync, "write the nodes that the declarations need", reads=False)
    sync.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a node is not in line")

    capability = add("add", _add, "add a capability to an ML model, with its nodes", reads=False)
    capability.add_argument("ml_model", help="name under vars.ml_models")
    capability.add_argument("capability", help="monitoring, review, training_quality or training_rows")


def profile_of(options: argparse.Namespace) -> ProfileOptions:
    """What the options say of the profile."""
    return ProfileOptions(
        project=project_folder(options.project_dir),
        profiles_dir=options.profiles_dir,
        profile=options.profile,
        target=options.target,
        variables=given_variables(options.vars, WarehouseError),
    )


def _init(options: argparse.Namespace) -> int:
    from ml_ledger.scaffold.start import init

    print(init(project_folder(options.project_dir), options.package))
    return 0


def _new(options: argparse.Namespace) -> int:
    from ml_ledger.scaffold.propose import Choices
    from ml_ledger.scaffold.start import new

    if options.from_table and options.labels:
        raise SpecError("--labels: --from-table holds the labels as well. Fix: give one of them.")

    said, in_line = new(
        project_folder(options.project_dir),
        read_target(profile_of(options)).place,
        options.ml_model,
        features=options.features,
        labels=options.labels,
        table=options.from_table,
        matured_after=options.matured_after,
        choices=Choices(
            options.entity, options.as_of, options.label, options.task, ask=input if sys.stdin.isatty() else None
        ),
    )
    print(said)
    return 0 if in_line else 1


def _sync(options: argparse.Namespace) -> int:
    from ml_ledger.scaffold.sync import sync

    said, in_line = sync(project_folder(options.project_dir), check=options.check)
    print(said)
    return 0 if in_line or not options.check else 1


def _add(options: argparse.Namespace) -> int:
    from ml_ledger.scaffold.start import add

    print(add(project_folder(options.project_dir), options.ml_model, options.capability)[0])
    return 0
