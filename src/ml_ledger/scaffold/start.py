"""`ml-ledger init`, `new` and `add`: from a dbt project to an ML model without a file to copy."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path

import yaml

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, listed
from ml_ledger.project.dbt_project import PROJECT_FILE, parsed_yaml, read_yaml, settings_of
from ml_ledger.project.declarations import declarations_in, variables_of
from ml_ledger.project.target import Place
from ml_ledger.scaffold.one_table import models, split
from ml_ledger.scaffold.package import LIBRARY_VERSION, is_named, packages_file, require_one_version
from ml_ledger.scaffold.project_file import with_entry
from ml_ledger.scaffold.propose import Choices, proposal
from ml_ledger.scaffold.relation_columns import columns_of
from ml_ledger.scaffold.sync import sync

VARIABLES = "ml_models: {}  # one block per ML model: `ml-ledger new` writes it, docs/keys.md explains each key\n"
# What `add` puts into a declaration, by capability.
CAPABILITIES = {
    "monitoring": "monitoring: {drift: {}, alerts: {}}",
    "review": "review: {}",
    "training_quality": "training_quality: {}",
    "training_rows": "keep_training_set: full",
}


def init(project: Path, package: str | None = None) -> str:
    """Prepare a dbt project: its packages, and the variable that declares ML models. Twice changes nothing.

    Parameters
    ----------
    project
        Folder of dbt_project.yml.
    package
        Where dbt finds the package: a folder, or the address of a Git repository with `@` and a revision. None: the
        folder that this library was installed from.

    Returns
    -------
    str
        What was done, and what comes next.

    Raises
    ------
    SpecError
        Where there is no project, or the package is not found. Nothing was written.
    """
    path = project / PROJECT_FILE
    variables = variables_of(read_yaml(path, SpecError, "run it in a dbt project; `dbt init` makes one") or {})
    said, written = [_versions()], {}
    packages = packages_file(project)
    text = packages.read_text(encoding="utf-8") if packages.exists() else ""
    if is_named(project, parsed_yaml(text, packages.name, SpecError)):
        said.append(f"kept   {packages.name}: names ml_ledger already")
    else:
        entry = _package(project, package)
        written[packages] = with_entry(text, ("packages",), entry, what=packages.name)
        said.append(f"wrote  {packages.name}: {entry.splitlines()[0].removeprefix('- ')}")
    if "ml_models" in variables:
        said.append(f"kept   {PROJECT_FILE}: vars.ml_models is there")
    else:
        project_text = path.read_text(encoding="utf-8")
        written[path] = with_entry(project_text, ("vars",), VARIABLES, what=PROJECT_FILE)
        said.append(f"wrote  {PROJECT_FILE}: vars.ml_models")
    for file, content in written.items():
        file.write_text(content, encoding="utf-8")
    said += [
        "Next:",
        "  dbt deps",
        "  dbt build                  # your feature and label models",
        "  ml-ledger new churn --features customer_features --labels churn_labels",
        "  dbt build",
    ]
    return "\n".join(said)


def new(
    project: Path,
    place: Place,
    ml_model: str,
    *,
    features: str | None = None,
    labels: str | None = None,
    table: str | None = None,
    matured_after: int | None = None,
    choices: Choices,
) -> tuple[str, bool]:
    """Declare an ML model by what its relations hold, and write its nodes.

    Parameters
    ----------
    project
        Folder of dbt_project.yml.
    place
        The warehouse, in which the relations were built.
    ml_model
        A name that is not declared yet.
    features, labels
        Names of dbt models; no labels for a clustering.
    table
        In their place, one table that holds both: a dbt model for each is written.
    matured_after
        Days after the as-of date until a label of the table is known; None where its column `matured_at` says it.
    choices
        What the columns may not tell.

    Returns
    -------
    tuple
        What was written, and whether every node is in line.

    Raises
    ------
    SpecError
        Naming every problem, or the versions of package and library where they differ, before anything was written.
    WarehouseError
        Where a relation was not built.
    """
    path = project / PROJECT_FILE
    require_one_version(project)
    if ml_model in declarations_in(variables_of(settings_of(path)), path):
        raise SpecError(
            f"ml_models.{ml_model}: is declared already. Fix: choose another name, or edit {PROJECT_FILE} and run"
            " `ml-ledger sync`."
        )
    parts = None
    if table is not None:
        parts = split(table, columns_of(place, table.rpartition(".")[2]), choices, matured_after)
        relations = {"features": f"{ml_model}_features", "labels": f"{ml_model}_labels"}
        entry = proposal(ml_model, relations, parts.features, parts.labels, parts.choices)
    else:
        relations = {"features": str(features)} | ({"labels": labels} if labels else {})
        held = columns_of(place, labels) if labels else None
        entry = proposal(ml_model, relations, columns_of(place, str(features)), held, choices)
    declared = parsed_yaml(entry, "the proposal", SpecError)[ml_model]
    parse_spec(ml_model, declared)
    files = {}
    if parts is not None and table is not None:
        files = models(project, ml_model, table, parts, str(declared["entity"]), str(declared["as_of"]))
    text = with_entry(path.read_text(encoding="utf-8"), ("vars", "ml_models"), entry, what=PROJECT_FILE)
    path.write_text(text, encoding="utf-8")
    for file, sql in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql, encoding="utf-8")
    nodes, in_line = sync(project)
    lines = [f"wrote  {PROJECT_FILE}: vars.ml_models.{ml_model}, a proposal to read:", "", entry]
    lines += [f"wrote  {file.relative_to(project)}" for file in files]
    return "\n".join([*lines, nodes, "Next: read the declaration, then `dbt build`."]), in_line


def add(project: Path, ml_model: str, capability: str) -> tuple[str, bool]:
    """Add a capability to a declaration, and its nodes. A capability that is declared already is left as it is.

    Raises
    ------
    SpecError
        Where the ML model or the capability is not known, the declaration would not be valid, or the package is of
        another version than the library. Nothing was written.
    """
    path = project / PROJECT_FILE
    require_one_version(project)
    declared = declarations_in(variables_of(settings_of(path)), path)
    if ml_model not in declared:
        raise SpecError(
            f"{ml_model}: is not declared. Allowed: {listed(declared)}. Fix: ml-ledger new {ml_model}."
        )
    if capability not in CAPABILITIES:
        raise SpecError(f"{capability}: is not a capability. Allowed: {listed(CAPABILITIES)}.")
    parse_spec(ml_model, declared[ml_model])
    entry = CAPABILITIES[capability]
    key = entry.partition(":")[0]
    if declared[ml_model].get(key) is not None:
        said = f"kept   {PROJECT_FILE}: {ml_model} declares {key} already"
    else:
        text = with_entry(
            path.read_text(encoding="utf-8"), ("vars", "ml_models", ml_model), entry, what=PROJECT_FILE
        )
        parse_spec(ml_model, yaml.safe_load(text)["vars"]["ml_models"][ml_model])
        path.write_text(text, encoding="utf-8")
        said = f"wrote  {PROJECT_FILE}: vars.ml_models.{ml_model}.{key}"
    nodes, in_line = sync(project)
    return f"{said}\n{nodes}", in_line


def _versions() -> str:
    names = ("dbt-core", "dbt-duckdb", "duckdb")
    found = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return f"ml_ledger {LIBRARY_VERSION} with {found}"


def _package(project: Path, package: str | None) -> str:
    """The entry of packages.yml."""
    if package is None:
        source = Path(__file__).resolve().parents[3]
        if not (source / PROJECT_FILE).exists():
            raise SpecError(
                "the dbt package: this library was not installed from its folder, so that it does not know where the"
                " package is. Fix: --package FOLDER, or --package https://…/ml_ledger.git@v" + LIBRARY_VERSION
            )
        return f"- local: {os.path.relpath(source, project.resolve())}"
    if "://" in package or package.startswith("git@"):
        address, _, revision = package.rpartition("@")
        if "/" in revision or not address:
            raise SpecError(f"--package {package}: must say a revision. Allowed: ADDRESS@REVISION.")
        return f"- git: {address}\n  revision: {revision}"
    if not (Path(package) / PROJECT_FILE).exists():
        raise SpecError(f"--package {package}: holds no {PROJECT_FILE}.")
    return f"- local: {os.path.relpath(Path(package).resolve(), project.resolve())}"
