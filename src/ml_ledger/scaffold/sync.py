"""`ml-ledger sync`: the nodes of every ML model brought in line with its declaration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ml_ledger.declaration import MLModelSpec
from ml_ledger.errors import SpecError
from ml_ledger.project.dbt_project import PROJECT_FILE, settings_of
from ml_ledger.project.declarations import declarations_in, parsed, variables_of
from ml_ledger.scaffold.node_columns import columns_of_views, described_columns
from ml_ledger.scaffold.node_files import DESCRIPTIONS, MADE_PYTHON, MADE_YAML, NodeFile, node_files
from ml_ledger.scaffold.package import package_folder, require_one_version
from ml_ledger.scaffold.project_file import with_entry

HOW_TO_NAME = "relations: {features: name_of_a_dbt_model, labels: name_of_another}"


@dataclass
class Plan:
    """What keeps nodes from being in line: files to write, by path, and sentences about the rest."""

    written: dict[Path, str] = field(default_factory=dict)
    replaced: set[Path] = field(default_factory=set)
    undeclared: list[Path] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether every node is in line."""
        return not (self.written or self.undeclared)


def sync(project: Path, *, check: bool = False) -> tuple[str, bool]:
    """Write the nodes that the declarations of a project need.

    Parameters
    ----------
    project
        Folder of dbt_project.yml.
    check
        Whether to write nothing, and only say what is not in line.

    Returns
    -------
    tuple
        Text to print, and whether every node is in line now. A node that is no longer declared is named, never deleted.

    Raises
    ------
    SpecError
        Naming every problem of every declaration, or the versions of package and library where they differ; nothing
        was written.
    """
    file = project / PROJECT_FILE
    settings = settings_of(file)
    require_one_version(project)
    specs, problems = parsed(declarations_in(variables_of(settings), file))
    if problems:
        raise SpecError("\n".join(problems))
    plan = planned(project, settings, specs)
    if not check:
        write(plan)
    return _said(plan, project, check=check), not (plan.undeclared or (check and plan.written))


def planned(project: Path, settings: Mapping[str, Any], specs: Mapping[str, MLModelSpec]) -> Plan:
    """What has to be written so that nodes are in line with declarations."""
    folders = [str(folder) for folder in settings.get("model-paths") or ["models"]]
    there = {
        path.name: path
        for folder in folders
        for path in sorted((project / folder).rglob("*"))
        if path.suffix in (".sql", ".py")
    }
    described = {name for folder in folders for name in _described(project / folder)}
    plan, views = Plan(), None
    for ml_model, spec in specs.items():
        if spec.relations is None:
            plan.left_alone.append(
                f"{ml_model}: does not say where its features and labels come from, so you write its nodes yourself."
                f" Fix: {HOW_TO_NAME}."
            )
            continue
        files = node_files(ml_model, spec)
        homes = _homes(project, folders, ml_model, [there.get(file.file) for file in files])
        for file in files:
            _plan_file(plan, file, there.get(file.file), homes[file.is_python] / file.file)
        for is_python in (False, True):
            of_kind = [file for file in files if file.is_python is is_python and file.name not in described]
            if of_kind:
                name = f"_{ml_model}__{'python_nodes' if is_python else 'nodes'}.yml"
                views = columns_of_views(package_folder(project)) if views is None else views
                entries = [file.properties(described_columns(spec, file.node, views)) for file in of_kind]
                _plan_properties(plan, entries, homes[is_python] / name)
        needed = {file.file for file in files}
        for node in DESCRIPTIONS:
            plan.undeclared += [
                there[name]
                for name in (f"{ml_model}_{node}.sql", f"{ml_model}_{node}.py")
                if name in there and name not in needed and "ml_ledger" in there[name].read_text(encoding="utf-8")
            ]
    return plan


def write(plan: Plan) -> None:
    """Write what is planned."""
    for path, text in plan.written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _plan_file(plan: Plan, file: NodeFile, there: Path | None, new: Path) -> None:
    if there is None:
        plan.written[new] = file.text
        return
    if not file.is_python:
        return
    text = there.read_text(encoding="utf-8")
    if text == file.text:
        return
    if text.startswith(MADE_PYTHON):
        plan.written[there] = file.text
        plan.replaced.add(there)
    else:
        plan.left_alone.append(f"{there}: was written by hand, so it is left as it is.")


def _plan_properties(plan: Plan, entries: list[str], path: Path) -> None:
    text = f"{MADE_YAML}\nversion: 2\n"
    if path.exists():
        text = path.read_text(encoding="utf-8")
        plan.replaced.add(path)
    plan.written[path] = with_entry(text, ("models",), "".join(entries), what=str(path))


def _homes(project: Path, folders: list[str], ml_model: str, there: list[Path | None]) -> dict[bool, Path]:
    """Where new nodes go, in SQL (False) and in Python (True): beside those that are there."""
    python = "python_models" if "python_models" in folders else folders[0]
    homes = {False: project / folders[0] / ml_model, True: project / python / ml_model}
    for path in there:
        if path is not None:
            homes[path.suffix == ".py"] = path.parent
    return homes


def _described(folder: Path) -> Iterator[str]:
    """Names of dbt models that properties files describe."""
    for path in sorted(folder.rglob("*.y*ml")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError:
            continue  # dbt says what is wrong with it
        models = content.get("models") if isinstance(content, dict) else None
        for entry in models or []:
            if isinstance(entry, dict):
                yield str(entry.get("name"))


def _said(plan: Plan, project: Path, *, check: bool) -> str:
    def shown(path: Path) -> str:
        return str(path.relative_to(project) if path.is_relative_to(project) else path)

    lines = []
    for path in plan.written:
        again = path in plan.replaced
        if check:
            lines.append(f"{shown(path)}: {'differs from the declaration' if again else 'is missing'}")
        else:
            lines.append(f"{'updated' if again else 'wrote'}  {shown(path)}")
    lines += [
        f"{shown(path)}: is no longer declared. Fix: delete it once nobody needs its rows, or declare it again."
        for path in plan.undeclared
    ]
    lines += plan.left_alone
    if check and plan.written:
        lines.append("Fix: run `ml-ledger sync`.")
    if plan.is_empty:
        lines.append("Every node is in line with its declaration.")
    return "\n".join(lines)
