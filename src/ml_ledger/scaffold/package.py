"""The dbt package that a project uses, which must be of the version of this library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml_ledger import __version__
from ml_ledger.errors import Problem, SpecError
from ml_ledger.project.dbt_project import PROJECT_FILE, read_yaml, settings_of

PACKAGES_FILE = "packages.yml"
DEPENDENCIES_FILE = "dependencies.yml"
NAME = "ml_ledger"
LIBRARY_VERSION = __version__


def packages_file(project: Path) -> Path:
    """The file that names a project's packages: dbt takes them from dependencies.yml or packages.yml, not from both."""
    dependencies = project / DEPENDENCIES_FILE
    return (
        dependencies
        if dependencies.exists() and _entries(read_yaml(dependencies, SpecError))
        else project / PACKAGES_FILE
    )


def is_named(project: Path, content: Any) -> bool:
    """Whether packages.yml names this package: by an address, or by a folder whose project is called so."""
    for entry in _entries(content):
        address = str(entry.get("git") or entry.get("package") or entry.get("tarball") or "")
        if NAME in address.replace("-", "_"):
            return True
    return _named_folder(project, content) is not None


def package_version(project: Path) -> str | None:
    """The version of the dbt package that a project uses.

    That is the version of what `dbt deps` installed, else of the folder that packages.yml names, as dbt runs the
    former; in the package's own project its own. None where there is no package yet, or it does not say.

    Raises
    ------
    SpecError
        Where one of these files is not YAML.
    """
    file = _package_file(project)
    version = None if file is None else settings_of(file).get("version")
    return None if version is None else str(version)


def package_folder(project: Path) -> Path | None:
    """Where the dbt package lies that a project uses; None where there is none yet."""
    file = _package_file(project)
    return None if file is None else file.parent


def version_problem(project: Path) -> Problem | None:
    """What is wrong where library and package are of two versions: macros and Python call each other.

    Raises SpecError where a file that names the package is not YAML.
    """
    version, file = package_version(project), _package_file(project)
    if file is None or version is None or version == LIBRARY_VERSION:
        return None
    is_own = file == project / PROJECT_FILE
    return Problem(
        str(file.relative_to(project) if file.is_relative_to(project) else file),
        "the dbt package and the library must be of one version",
        got=f"package {version} with library {LIBRARY_VERSION}",
        fix="run `pip install --editable .` in this folder"
        if is_own
        else f"name ml_ledger {LIBRARY_VERSION} in {packages_file(project).name} and run `dbt deps`, or install"
        f" ml-ledger {version}",
    )


def require_one_version(project: Path) -> None:
    """Raise SpecError naming both versions where library and package differ."""
    if problem := version_problem(project):
        raise SpecError(str(problem))


def _package_file(project: Path) -> Path | None:
    """dbt_project.yml of the package."""
    settings = settings_of(project / PROJECT_FILE)
    if settings.get("name") == NAME:
        return project / PROJECT_FILE
    installed = project / str(settings.get("packages-install-path") or "dbt_packages") / NAME / PROJECT_FILE
    if installed.exists():
        return installed
    packages = packages_file(project)
    return _named_folder(project, read_yaml(packages, SpecError)) if packages.exists() else None


def _named_folder(project: Path, content: Any) -> Path | None:
    """dbt_project.yml of the folder by which packages.yml names the package."""
    for entry in _entries(content):
        file = project / str(entry.get("local")) / PROJECT_FILE
        if "local" in entry and file.exists() and settings_of(file).get("name") == NAME:
            return file
    return None


def _entries(content: Any) -> list[dict[str, Any]]:
    """Entries of packages.yml; dbt says what is wrong with others."""
    packages = content.get("packages") if isinstance(content, dict) else None
    return [entry for entry in packages or [] if isinstance(entry, dict)]
