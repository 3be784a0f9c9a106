"""`ml-ledger new --from-table`: the feature model and the label model of a table that holds both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ml_ledger.errors import Problem, SpecError, listed, raise_if_any
from ml_ledger.project.dbt_project import PROJECT_FILE, settings_of
from ml_ledger.scaffold.propose import MATURED_AT, Choices
from ml_ledger.scaffold.relation_columns import Column
from ml_ledger.warehouse import quoted

HEADER = "-- Written by `ml-ledger new`, and yours to edit: {what}.\n"


@dataclass(frozen=True)
class Split:
    """What a table holds of features and of labels.

    features, labels: columns by name; labels have the keys, too. days: after the as-of date, when a label is known;
    None where the table says it in `matured_at`. choices: what was said, with what was asked.
    """

    features: Mapping[str, Column]
    labels: Mapping[str, Column]
    days: int | None
    choices: Choices


def split(table: str, columns: Mapping[str, Column], choices: Choices, days: int | None) -> Split:
    """Part the columns of a table, asking for what they do not tell.

    Parameters
    ----------
    table
        Its name, for messages.
    columns
        Its columns, by name.
    choices, days
        What was said; `days` is a number of days after the as-of date.

    Raises
    ------
    SpecError
        Naming everything that is not told, with the option that tells it.
    """
    problems: list[Problem] = []
    label = choices.label or _asked(choices, f"label, one of {listed(columns)}: ")
    if label not in columns:
        what = "is not a column" if label else "cannot be told from the columns"
        problems.append(Problem("label", what, label or None, listed(columns), "--label NAME"))
    if MATURED_AT in columns:
        days = None
    elif days is None:
        answer = _asked(choices, "days after the as-of date until a label is known: ")
        days = int(answer) if answer.isdecimal() else None
        if days is None:
            what = "when a label is known cannot be told from the columns"
            fix = f"--matured-after DAYS, or a column {MATURED_AT}"
            problems.append(
                Problem(table, what, answer or None, "a whole number of days after the as-of date", fix)
            )
    if days is not None and days < 0:
        problems.append(Problem("--matured-after", "must not be before the as-of date", str(days), ">= 0"))
    raise_if_any(problems, SpecError, f"The columns of {table} do not say everything that a declaration needs")
    features = {name: column for name, column in columns.items() if name not in (label, MATURED_AT)}
    maturity = columns.get(MATURED_AT, replace(columns[label], name=MATURED_AT))
    return Split(features, {**columns, MATURED_AT: maturity}, days, replace(choices, label=label))


def models(project: Path, ml_model: str, table: str, parts: Split, entity: str, as_of: str) -> dict[Path, str]:
    """The SQL of both dbt models by path, features first.

    Raises
    ------
    SpecError
        Where the table is nothing that dbt knows, or a file is there already.
    """
    source = _source(project, table)
    label = str(parts.choices.label)
    moment = MATURED_AT
    if parts.days is not None:
        date = f"{{{{ dbt.dateadd('day', {parts.days}, {quoted(as_of)!r}) }}}}"
        moment = f"cast({date} as {{{{ dbt.type_timestamp() }}}}) as {MATURED_AT}"
    queries = {
        "features": ("what is known at the as-of date, and nothing later", [*map(quoted, parts.features)], ""),
        "labels": (
            "what became of it, and from when on it could be known",
            [quoted(entity), quoted(as_of), quoted(label), moment],
            f"where {quoted(label)} is not null\n",
        ),
    }
    folder = project / str((settings_of(project / PROJECT_FILE).get("model-paths") or ["models"])[0]) / ml_model
    files = {
        folder / f"{ml_model}_{part}.sql": HEADER.format(what=what)
        + "select\n    "
        + ",\n    ".join(columns)
        + f"\nfrom {source}\n{condition}"
        for part, (what, columns, condition) in queries.items()
    }
    there = [Problem(str(path.relative_to(project)), "is there already") for path in files if path.exists()]
    raise_if_any(there, SpecError, "Nothing was written")
    return files


def _source(project: Path, table: str) -> str:
    """How dbt calls a table: a dbt model or a seed of the project by ref, `source.table` by source."""
    if table.count(".") == 1:
        one, other = table.split(".")
        return f"{{{{ source({one!r}, {other!r}) }}}}"
    settings = settings_of(project / PROJECT_FILE)
    folders = [*(settings.get("model-paths") or ["models"]), *(settings.get("seed-paths") or ["seeds"])]
    found = [path for folder in folders for path in (project / str(folder)).rglob(f"{table}.*")]
    if not any(path.suffix in (".sql", ".py", ".csv") for path in found):
        raise SpecError(
            f"--from-table {table}: is no dbt model and no seed of the project. Allowed: their names, or source.table."
            " Fix: declare it as a source, and name it source.table."
        )
    return f"{{{{ ref({table!r}) }}}}"


def _asked(choices: Choices, question: str) -> str:
    return choices.ask(question).strip() if choices.ask is not None else ""
