"""Entry point of the `ml-ledger` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ml_ledger.commands.replay.periods import EVERY
from ml_ledger.commands.scaffolding import add_scaffold, profile_of
from ml_ledger.errors import MLLedgerError, SpecError
from ml_ledger.project.dbt_project import given_variables, project_folder
from ml_ledger.project.target import Place, read_target
from ml_ledger.project.warehouse_file import schema_of_ledger

REPORT = "ml_ledger_report.html"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command. Returns the exit code: 0 done, 1 refused or failed (argparse exits with 2 on usage)."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        return code
    except MLLedgerError as error:
        print(f"ml-ledger: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ml-ledger", description="Start, look into, check and replay ML models.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(
        name: str,
        run: Callable[[argparse.Namespace], int],
        says: str,
        *,
        project: bool = True,
        profile: bool = True,
        reads: bool = True,
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=says)
        command.set_defaults(run=run)
        if project:
            _add_project(command)
        if profile:
            _add_profile(command)
        if reads:
            file, schema = (
                "DuckDB file to read, in place of the target's",
                "schema of the ledger (default: the target's)",
            )
            command.add_argument("--warehouse", type=Path, metavar="FILE", help=file)
            command.add_argument("--schema", help=schema)
        return command

    add_scaffold(add)

    show = add("show", _show, "the live version of an ML model, its coefficients and decisions")
    show.add_argument("ml_model", help="name under vars.ml_models")

    report = add("report", _report, "what happened to ML models over time, drawn on one HTML page")
    report.add_argument(
        "ml_models", nargs="*", metavar="ml_model", help="names under vars.ml_models (default: all)"
    )
    report.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"file to write (default: {REPORT} in the folder in which dbt keeps what it makes of a run, target; with"
        " --warehouse in the current folder)",
    )

    add("validate", _validate, "check every declaration in dbt_project.yml", profile=False, reads=False)

    nothing = {"project": False, "profile": False, "reads": False}
    add("keys", _keys, "print the reference of every key of a declaration, as Markdown", **nothing)
    schema = add("schema", _schema, "print a JSON Schema of dbt_project.yml, for editors", **nothing)
    schema.add_argument("--one", action="store_true", help="of a file with a single declaration")

    reproduce = add("reproduce", _reproduce, "train a version again from its kept rows, and compare")
    reproduce.add_argument("ml_model", help="name under vars.ml_models")
    reproduce.add_argument("version", type=int, help="number of the version")

    replay = add("replay", _replay, "walk the clock over history, one dbt build per period", reads=False)
    replay.add_argument("--from", dest="start", required=True, help="first clock, as 1997-06-30")
    replay.add_argument("--to", dest="end", required=True, help="last clock")
    replay.add_argument("--operations", type=Path, help="YAML list of what people did, and when")
    replay.add_argument("--every", choices=EVERY, default="month", help="the period (default: month)")
    replay.add_argument("--fresh", action="store_true", help="begin with that schema or file empty")
    replay.add_argument("--spec", type=Path, help="YAML of declarations, to compare with the project's")
    where = replay.add_argument_group("where to build, which must be said")
    where.add_argument("--schema", help="a schema beside the ledger (default with --spec: replay_<its name>)")
    where.add_argument("--warehouse", type=Path, metavar="FILE", help="a DuckDB file that no target builds into")
    where.add_argument(
        "--into-target", metavar="NAME", help="the target itself, in the place of its ledger: its name again"
    )

    verify = add("verify", _verify, "recompute every hash of the record; exit code 1 if a row differs")
    verify.add_argument("--anchor", type=Path, help="file with heads of chains kept elsewhere")

    add("anchor", _anchor, "print the heads of all chains, to be kept elsewhere")
    add("metrics", _metrics, "the state of the ledger as OpenMetrics text, for Prometheus")
    return parser


def _add_project(command: argparse.ArgumentParser) -> None:
    """Options that mean what they mean to dbt, to which its environment variables go, too."""
    group = command.add_argument_group("the project, as dbt takes it")
    folder = "folder of dbt_project.yml (default: the current one or the nearest above it)"
    group.add_argument("--project-dir", "--project", type=Path, metavar="FOLDER", help=folder)
    group.add_argument("--vars", help="variables, as '{ml_clock: 1998-06-30}'")


def _add_profile(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("the profile, as dbt takes it")
    group.add_argument("--profiles-dir", type=Path, metavar="FOLDER", help="folder of profiles.yml")
    group.add_argument("--profile", help="name of the profile")
    group.add_argument("-t", "--target", help="name of the target")


def _show(options: argparse.Namespace) -> int:
    from ml_ledger.commands.show import show

    ledger = _ledger(options)
    print(show(options.ml_model, ledger.path, schema=ledger.schema))
    return 0


def _report(options: argparse.Namespace) -> int:
    from ml_ledger.commands.report.page import report

    output = options.output
    if output is None:
        output = Path(REPORT) if options.warehouse else read_target(profile_of(options)).artifacts / REPORT
    ledger = _ledger(options)
    print(report(options.ml_models, ledger.path, output, schema=ledger.schema))
    return 0


def _validate(options: argparse.Namespace) -> int:
    from ml_ledger.commands.validate import validate

    print(validate(project_folder(options.project_dir), given_variables(options.vars, SpecError)))
    return 0


def _keys(options: argparse.Namespace) -> int:
    from ml_ledger.commands.keys import keys

    print(keys(), end="")
    return 0


def _schema(options: argparse.Namespace) -> int:
    from ml_ledger.commands.declaration_schema import schema

    print(schema(one=options.one))
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from ml_ledger.commands.reproduce import reproduce

    ledger = _ledger(options)
    reproduction = reproduce(options.ml_model, options.version, ledger.path, schema=ledger.schema)
    print(reproduction.text)
    return 0 if reproduction.succeeded else 1


def _replay(options: argparse.Namespace) -> int:
    from ml_ledger.commands.replay.replay import replay

    replay(
        options.start,
        options.end,
        fresh=options.fresh,
        profile=profile_of(options),
        warehouse=options.warehouse,
        schema=options.schema,
        into_target=options.into_target,
        operations=options.operations,
        every=options.every,
        spec=options.spec,
    )
    return 0


def _verify(options: argparse.Namespace) -> int:
    from ml_ledger.commands.verify import verify

    ledger = _ledger(options)
    print(verify(ledger.path, options.anchor, schema=ledger.schema))
    return 0


def _anchor(options: argparse.Namespace) -> int:
    from ml_ledger.commands.verify import anchor

    ledger = _ledger(options)
    print(anchor(ledger.path, schema=ledger.schema))
    return 0


def _metrics(options: argparse.Namespace) -> int:
    from ml_ledger.commands.metrics import metrics

    ledger = _ledger(options)
    print(metrics(ledger.path, schema=ledger.schema))
    return 0


def _ledger(options: argparse.Namespace) -> Place:
    """What to read: of the file that is named, else of the target. Says so beside the output, which may be kept."""
    if options.warehouse:
        place, of = Place(options.warehouse, schema_of_ledger(options.warehouse, options.schema)), ""
    else:
        target = read_target(profile_of(options))
        path = target.place.path
        place, of = Place(path, schema_of_ledger(path, options.schema or target.place.schema)), f", {target}"
    print(f"Reading {place}{of}", file=sys.stderr, flush=True)
    return place
