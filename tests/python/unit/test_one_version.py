"""One version number in the repository, and library and dbt package of one version in every project."""

import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from flit_core.common import Module, make_metadata
from flit_core.config import read_flit_config

import ml_ledger
from ml_ledger.commands.main import main
from ml_ledger.errors import SpecError
from ml_ledger.scaffold.package import package_version, require_one_version
from ml_ledger.scaffold.start import add

OTHER = "0.0.9"


def test_all_files_say_one_version():
    text = (ROOT / "src/ml_ledger/__init__.py").read_text(encoding="utf-8")
    (written,) = re.findall(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.MULTILINE)
    pyproject = read_flit_config(ROOT / "pyproject.toml")
    built = make_metadata(Module(pyproject.module, ROOT), pyproject).version
    of_dbt = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["version"]
    assert [written, built, of_dbt] == [ml_ledger.__version__] * 3


def package(folder: Path, version: str | None) -> None:
    folder.mkdir(parents=True)
    of_version = "" if version is None else f"version: {version}\n"
    (folder / "dbt_project.yml").write_text(f"name: ml_ledger\n{of_version}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without a package."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: shop\nvars:\n  ml_models: {}\n")
    return folder


def name_folder(project: Path, folder: str) -> None:
    packages = [{"package": "dbt-labs/dbt_utils", "version": "1.3.0"}, {"local": folder}]
    (project / "packages.yml").write_text(yaml.safe_dump({"packages": packages}))


def test_no_package_no_version(project: Path):
    assert package_version(project) is None
    (project / "packages.yml").write_text("")
    assert package_version(project) is None
    name_folder(project, "../nowhere")
    assert package_version(project) is None
    package(project.parent / "other", None)
    name_folder(project, "../other")
    assert package_version(project) is None
    require_one_version(project)


def test_what_dbt_deps_installed_goes_before_the_folder_that_is_named(project: Path):
    package(project.parent / "library", "1.0.1")
    name_folder(project, "../library")
    assert package_version(project) == "1.0.1"
    package(project / "dbt_packages/ml_ledger", "1.0.0")
    assert package_version(project) == "1.0.0"
    package(project / "elsewhere/ml_ledger", "2.0.0")
    (project / "dbt_project.yml").write_text("name: shop\npackages-install-path: elsewhere\n")
    assert package_version(project) == "2.0.0"


def test_a_folder_of_another_name_is_not_the_package(project: Path):
    folder = project.parent / "library"
    package(folder, OTHER)
    (folder / "dbt_project.yml").write_text(f"name: mine\nversion: {OTHER}\n")
    name_folder(project, "../library")
    assert package_version(project) is None


@pytest.mark.parametrize("command", [["sync"], ["sync", "--check"], ["validate"]])
@pytest.mark.parametrize("installed", [True, False])
def test_a_package_of_another_version_is_refused_by_name(
    project: Path, capsys, command: list[str], installed: bool
):
    where = project / "dbt_packages/ml_ledger" if installed else project.parent / "library"
    package(where, OTHER)
    if not installed:
        name_folder(project, "../library")
    given = [*command, "--project-dir", str(project)]
    assert main(given) == 1
    said = capsys.readouterr().err
    file = "dbt_packages/ml_ledger/dbt_project.yml" if installed else "../library/dbt_project.yml"
    expected = (
        f"{file}: the dbt package and the library must be of one version; got package {OTHER} with library"
        f" {ml_ledger.__version__}. Fix: name ml_ledger {ml_ledger.__version__} in packages.yml and run `dbt deps`, or"
        f" install ml-ledger {OTHER}."
    )
    assert expected in said
    (where / "dbt_project.yml").write_text(f"name: ml_ledger\nversion: {ml_ledger.__version__}\n")
    assert main(given) == 0


def test_validate_names_it_beside_all_else(project: Path, capsys):
    package(project / "dbt_packages/ml_ledger", OTHER)
    (project / "dbt_project.yml").write_text("name: shop\nvars:\n  ml_models: {churn: {task: none}}\n")
    assert main(["validate", "--project-dir", str(project)]) == 1
    said = capsys.readouterr().err
    assert f"got package {OTHER}" in said and "ml_models.churn" in said


def test_nothing_is_written_for_a_package_of_another_version(project: Path):
    package(project / "dbt_packages/ml_ledger", OTHER)
    file = project / "dbt_project.yml"
    file.write_text("name: shop\nvars:\n  ml_models:\n    churn:\n      task: binary\n")
    before = file.read_text()
    with pytest.raises(SpecError, match=f"got package {OTHER}"):
        add(project, "churn", "review")
    assert file.read_text() == before


def test_the_package_itself_is_of_the_version_of_the_library(tmp_path: Path):
    require_one_version(ROOT)
    package(tmp_path / "ml_ledger", OTHER)
    with pytest.raises(SpecError, match=r"run `pip install --editable \.` in this folder\."):
        require_one_version(tmp_path / "ml_ledger")
