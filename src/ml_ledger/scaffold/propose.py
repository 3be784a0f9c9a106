"""A declaration proposed from what the features and the labels hold, with what to think about beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf

import yaml

from ml_ledger.errors import Problem, SpecError, listed, raise_if_any
from ml_ledger.scaffold.relation_columns import MANY_LEVELS, Column

MATURED_AT = "matured_at"
SHOWN_LEVELS = 6
ZERO_OR_ONE = {"0", "1", "0.0", "1.0"}
FAMILIES = {"binary": "logistic", "multiclass": "boosting", "regression": "linear", "clustering": "kmeans"}


@dataclass(frozen=True)
class Choices:
    """What a person may say; None for what is to be read from the columns. ask: how to ask about the rest, or None."""

    entity: str | None = None
    as_of: str | None = None
    label: str | None = None
    task: str | None = None
    ask: Callable[[str], str] | None = None


def proposal(
    ml_model: str,
    relations: Mapping[str, str],
    features: Mapping[str, Column],
    labels: Mapping[str, Column] | None,
    choices: Choices,
) -> str:
    """The declaration of an ML model as YAML, not indented, at most 30 lines for 14 features.

    Parameters
    ----------
    ml_model
        Its name.
    relations
        Names of the relations by key of `relations`.
    features, labels
        Their columns; None for a clustering, which has no labels.
    choices
        What was said; it goes before what the columns suggest.

    Raises
    ------
    SpecError
        Naming every key that the columns do not tell, with what it may be.
    """
    keys = _keys(features, labels, choices)
    entity, as_of, label = keys["entity"], keys["as_of"], keys.get("label")
    target = labels[label] if labels is not None and label else None
    task = "clustering" if target is None else _task(target, choices.task)
    lines = [f"{ml_model}:", f"  task: {task}"]
    lines += [f"  entity: {_name(entity)}", f"  as_of: {_name(as_of)}"]
    if label:
        lines.append(f"  label: {_name(label)}")
    lines.append(f"  relations: {{{', '.join(f'{key}: {_name(name)}' for key, name in relations.items())}}}")
    if task == "multiclass" and target is not None:
        lines.append(f"  classes: [{', '.join(map(_name, sorted(target.examples)))}]")
    lines.append("  features:")
    lines += [f"    {line}" for line in _features(features, {entity, as_of, label})]
    lines.append(f"  algorithm: {{family: {FAMILIES[task]}}}")
    lines.append("  # What every version must beat: add the rule that you use today.")
    lines.append("  baselines: {constant: {family: constant}}")
    if task == "binary":
        lines.append(
            "  # Act from this probability on: the cost of acting, divided by the gain where it was right."
        )
        lines.append("  decision: {threshold: 0.5, positive: act, negative: leave, fallback: leave}")
    elif task == "multiclass" and target is not None:
        actions = ", ".join(f"{_name(name)}: {_name(f'act on {name}')}" for name in sorted(target.examples))
        lines.append(f"  decision: {{actions: {{{actions}}}, fallback: leave}}")
    lines.append("  monitoring: {drift: {}, alerts: {}}")
    return "\n".join(lines) + "\n"


def _keys(features: Mapping[str, Column], labels: Mapping[str, Column] | None, choices: Choices) -> dict[str, str]:
    problems: list[Problem] = []

    def chosen(key: str, said: str | None, candidates: list[str], known: Mapping[str, Column]) -> str:
        if said is not None and said in known:
            return said
        if said is None and len(candidates) == 1:
            return candidates[0]
        if said is None and choices.ask is not None:
            answer = choices.ask(f"{key}, one of {listed(candidates or list(known))}: ").strip()
            if answer in known:
                return answer
        what = "is not a column" if said is not None else "cannot be told from the columns"
        fix = f"--{key.replace('_', '-')} {candidates[0] if candidates else 'NAME'}"
        problems.append(Problem(key, what, said, listed(candidates or list(known)), fix))
        return ""

    both = [name for name in features if labels is None or name in labels]
    known = {name: features[name] for name in both}
    dates = [name for name in both if features[name].kind == "date" and name != MATURED_AT]
    as_of = chosen("as_of", choices.as_of, dates, known)
    others = [
        name
        for name in both
        if name not in (as_of, choices.label) and features[name].kind in ("numeric", "categorical")
    ]
    named = [name for name in others if name.lower() == "id" or name.lower().endswith(("_id", "_key"))]
    entity = chosen("entity", choices.entity, named if len(others) > 1 and named else others, known)
    keys = {"entity": entity, "as_of": as_of}
    if labels is not None:
        if MATURED_AT not in labels:
            what = "the labels need the moment from which each of them could be known"
            problems.append(Problem(MATURED_AT, what, listed(labels), fix="add it to the label model"))
        left = [name for name in labels if name not in (entity, as_of, MATURED_AT) and name not in features]
        keys["label"] = chosen("label", choices.label, left, labels)
    raise_if_any(problems, SpecError, "The columns do not say everything that a declaration needs")
    return keys


def _task(label: Column, said: str | None) -> str:
    """The task that was said, else what the label suggests. Raises SpecError where its values are those of no task."""
    is_zero_or_one = label.kind == "numeric" and 0 < label.levels <= 2 and {*label.examples} <= ZERO_OR_ONE
    is_binary = label.kind == "boolean" or is_zero_or_one
    task = said or ("binary" if is_binary else "regression" if label.kind == "numeric" else "multiclass")
    what = fix = None
    if label.kind not in ("numeric", "categorical", "boolean"):
        what, fix = f"is of type {label.type}", "cast it to a number, a text or a boolean in the label model"
    elif label.levels == 0 and not is_binary:
        what, fix = "is always NULL", "build labels that have matured"
    elif label.levels <= 2 and not is_binary and said is None:
        what = "has no more than two values, which must be 1 and 0, or true and false"
        fix = "compare it in the label model"
    elif label.levels > MANY_LEVELS and task == "multiclass":
        what, fix = f"has {label.levels:,} classes", "group them in the label model"
    if what is not None:
        problem = Problem(f"label {label.name}", what, listed(label.examples[:SHOWN_LEVELS]) or None, fix=fix)
        raise_if_any([problem], SpecError, "The label suggests no task")
    return task


def _features(columns: Mapping[str, Column], keys: set[str | None]) -> Iterator[str]:
    for name, column in columns.items():
        if name in keys:
            continue
        why = _unusable(column)
        if why:
            yield f"# {name}: left out, {why}"
            continue
        settings = {"kind": column.kind}
        note = ""
        if column.kind == "numeric" and column.least is not None and column.least >= 0:
            settings["bounds"] = "[0, null]"
        if column.kind == "categorical":
            settings |= {"min_share": "0.01", "unknown": "rare"}
            shown = column.examples[:SHOWN_LEVELS]
            more = column.levels - len(shown)
            note = f"{column.levels} levels: {listed(shown)}{f' and {more} more' if more > 0 else ''}"
        if column.kind == "date":
            settings |= {"parts": "[month, weekday]", "unknown": "reference"}
            note = "or use its age in days, computed in the feature model"
        if column.missing:
            settings["missing"] = "own_level"
            note = ", ".join(filter(None, [note, f"{column.missing / column.rows:.1%} missing"]))
        written = ", ".join(f"{key}: {value}" for key, value in settings.items())
        yield f"{_name(name)}: {{{written}}}" + (f"  # {_on_one_line(note)}" if note else "")


def _unusable(column: Column) -> str | None:
    if column.kind is None:
        return f"no feature can be of type {column.type}"
    if column.levels == 0:
        return "it is always NULL"
    if column.levels == 1 and not column.missing:
        return f"it is always {_on_one_line(column.examples[0])}"
    if column.kind == "categorical" and column.levels > MANY_LEVELS:
        return f"it has {column.levels:,} levels: group them in the feature model"
    return None


def _on_one_line(text: str) -> str:
    return " ".join(text.split())[:80]


def _name(text: str) -> str:
    """A text as YAML reads it back within a list: quoted where it must be."""
    return yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=inf)[1:-2]
