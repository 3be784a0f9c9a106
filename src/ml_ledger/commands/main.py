"""Entry point of the `ml-ledger` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ml_ledger.commands.periods import EVERY
from ml_ledger.errors import MLLedgerError

DEFAULT_WAREHOUSE = Path("warehouse.duckdb")
REPORT = Path("target/ml_ledger_report.html")  # beside what dbt makes of a run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command. Returns the exit code: 0 done, 1 refused or failed (argparse exits with 2 on usage)."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except MLLedgerError as error:
        print(f"ml-ledger: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ml-ledger", description="Look into, check and replay the ledger.")
    commands = parser.add_subparsers(required=True, metavar="command")

    show = commands.add_parser("show", help="the live version of an ML model, its coefficients and decisions")
    show.add_argument("ml_model", help="name under vars.ml_models")
    show.add_argument("--warehouse", type=Path, default=None, help="DuckDB file (default: warehouse.duckdb)")
    show.set_defaults(run=_show)

    report = commands.add_parser("report", help="what happened to ML models over time, drawn on one HTML page")
    report.add_argument(
        "ml_models", nargs="*", metavar="ml_model", help="names under vars.ml_models (default: all)"
    )
    report.add_argument("--output", type=Path, default=REPORT, help=f"file to write (default: {REPORT})")
    report.add_argument("--warehouse", type=Path, default=None, help="DuckDB file (default: warehouse.duckdb)")
    report.set_defaults(run=_report)

    validate = commands.add_parser("validate", help="check every declaration in dbt_project.yml")
    validate.add_argument("--project", type=Path, default=Path(), help="folder of dbt_project.yml (default: .)")
    validate.set_defaults(run=_validate)

    reproduce = commands.add_parser("reproduce", help="train a version again from its kept rows, and compare")
    reproduce.add_argument("ml_model", help="name under vars.ml_models")
    reproduce.add_argument("version", type=int, help="number of the version")
    reproduce.add_argument("--warehouse", type=Path, default=None, help="DuckDB file (default: warehouse.duckdb)")
    reproduce.set_defaults(run=_reproduce)

    replay = commands.add_parser("replay", help="walk the clock over history, one dbt build per period")
    replay.add_argument("--from", dest="start", required=True, help="first clock, as 1997-06-30")
    replay.add_argument("--to", dest="end", required=True, help="last clock")
    replay.add_argument("--operations", type=Path, default=None, help="YAML list of what people did, and when")
    replay.add_argument("--every", choices=EVERY, default="month", help="the period (default: month)")
    replay.add_argument("--fresh", action="store_true", help="start from an empty warehouse, or schema")
    replay.add_argument(
        "--spec", type=Path, default=None, help="YAML of declarations, to compare with the project's"
    )
    replay.add_argument("--schema", default=None, help="where to build (default with --spec: replay_<its name>)")
    replay.add_argument("--warehouse", type=Path, default=None, help="DuckDB file (default: warehouse.duckdb)")
    replay.set_defaults(run=_replay)

    verify = commands.add_parser("verify", help="recompute every hash of the record; exit code 1 if a row differs")
    verify.add_argument("--anchor", type=Path, default=None, help="file with heads of chains kept elsewhere")
    verify.add_argument("--warehouse", type=Path, default=None, help="DuckDB file (default: warehouse.duckdb)")
    verify.set_defaults(run=_verify)

    anchor = commands.add_parser("anchor", help="print the heads of all chains, to be kept elsewhere")
    anchor.add_argument("--warehouse", type=Path, default=None, help="DuckDB file (default: warehouse.duckdb)")
    anchor.set_defaults(run=_anchor)

    metrics = commands.add_parser("metrics", help="the state of the ledger as OpenMetrics text, for Prometheus")
    metrics.add_argument("--warehouse", type=Path, default=None, help="DuckDB file (default: warehouse.duckdb)")
    metrics.set_defaults(run=_metrics)
    return parser


def _show(options: argparse.Namespace) -> int:
    from ml_ledger.commands.show import show

    print(show(options.ml_model, _warehouse(options)))
    return 0


def _report(options: argparse.Namespace) -> int:
    from ml_ledger.commands.report.page import report

    print(report(options.ml_models, _warehouse(options), options.output))
    return 0


def _validate(options: argparse.Namespace) -> int:
    from ml_ledger.commands.validate import validate

    print(validate(options.project))
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from ml_ledger.commands.reproduce import reproduce

    reproduction = reproduce(options.ml_model, options.version, _warehouse(options))
    print(reproduction.text)
    return 0 if reproduction.succeeded else 1


def _replay(options: argparse.Namespace) -> int:
    from ml_ledger.commands.replay import replay

    replay(
        options.start,
        options.end,
        fresh=options.fresh,
        warehouse=_warehouse(options),
        operations=options.operations,
        every=options.every,
        spec=options.spec,
        schema=options.schema,
    )
    return 0


def _verify(options: argparse.Namespace) -> int:
    from ml_ledger.commands.verify import verify

    print(verify(_warehouse(options), options.anchor))
    return 0


def _anchor(options: argparse.Namespace) -> int:
    from ml_ledger.commands.verify import anchor

    print(anchor(_warehouse(options)))
    return 0


def _metrics(options: argparse.Namespace) -> int:
    from ml_ledger.commands.metrics import metrics

    print(metrics(_warehouse(options)))
    return 0


def _warehouse(options: argparse.Namespace) -> Path:
    import os

    return options.warehouse or Path(os.environ.get("ML_LEDGER_WAREHOUSE", DEFAULT_WAREHOUSE))
