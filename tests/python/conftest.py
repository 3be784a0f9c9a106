"""Projects in temporary folders: copies of this one, built by the real dbt on real orders. Nothing is mocked."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import SeedNode

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "fixtures" / "cdnow_orders_sample.csv"
COPIED = ("dbt_project.yml", "profiles.yml", "models", "python_models", "macros", "seeds", "analyses", "tests")
LEDGER = ("repurchase_versions", "repurchase_deployments", "repurchase_predictions", "repurchase_batches")
# The log file of dbt would stay open until the process ends.
IN_PROCESS = ("--no-use-colors", "--log-level-file", "none")

# Commands of dbt that execute what was parsed.
EXECUTES = {"build", "compile", "run", "run-operation", "seed", "show", "test"}
# Variables that nothing asks for while dbt parses.
ASKED_LATE = {"ml_clock", "ml_actor", "entity_id", "version", "ml_model"}
# The project that was parsed last, by its folder.
PARSED: dict[Path, tuple[int, Manifest | None]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-golden", action="store_true", help="write tests/golden anew; read the difference")


@dataclass(frozen=True)
class Project:
    """A copy of the project with a warehouse of its own."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def command(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", *arguments]

    def environment(self) -> dict[str, str]:
        unset = (
            "ML_LEDGER_WAREHOUSE",
            "ML_LEDGER_SCHEMA",
            "DBT_PROFILES_DIR",
            "DBT_PROJECT_DIR",
            "PYTHONDONTWRITEBYTECODE",
        )
        return {name: value for name, value in os.environ.items() if name not in unset}

    def dbt(
        self,
        *arguments: str,
        clock: str | None = None,
        succeeds: bool = True,
        unit_tests: bool = False,
        data_tests: bool = True,
        manifest: Manifest | None = None,
    ) -> str:
        """Run dbt; returns what it printed. Fails the test when it does not end as expected.

        unit_tests, data_tests: whether a build runs them, too: unit tests do not depend on the warehouse.
        manifest: what `manifest` gave, so that the project is not parsed again.
        """
        if arguments[0] == "build":
            left_out = [*([] if unit_tests else ["unit_test"]), *([] if data_tests else ["test"])]
            arguments = (*arguments, *(part for kind in left_out for part in ("--exclude-resource-type", kind)))
        variables = ["--vars", f"{{ml_clock: '{clock}'}}"] if clock else []
        said = StringIO()
        given = yaml.safe_load(arguments[arguments.index("--vars") + 1]) if "--vars" in arguments else {}
        same = EXECUTES & set(arguments[:2]) and "--target" not in arguments and set(given) <= ASKED_LATE
        if manifest is None and same:
            manifest = self._parsed()
        # In this process: starting another one takes longer than most of what dbt does here. Warnings are errors for
        # the library, not for dbt.
        with self.inside(), redirect_stdout(said), redirect_stderr(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = dbtRunner(manifest).invoke([*IN_PROCESS, *arguments, *variables])
            DuckDBConnectionManager.close_all_connections()
        output = said.getvalue() + ("" if done.exception is None else str(done.exception))
        assert done.success is succeeds, output
        return output

    def manifest(self) -> Manifest:
        """The project, parsed."""
        parsed = self._parse()
        assert parsed.success, parsed.exception
        return parsed.result

    def _parsed(self) -> Manifest | None:
        """The project, parsed once as long as no file of it changes: for each clock and actor dbt would parse it anew.

        None where dbt warns or fails while it parses, so that it says so when it parses again.
        """
        files = sorted(
            path for name in COPIED if (self.folder / name).exists() for path in _files(self.folder / name)
        )
        state = hash(tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files))
        if PARSED.get(self.folder, (None,))[0] != state:
            PARSED.clear()
            parsed = self._parse("--warn-error")
            PARSED[self.folder] = state, parsed.result if parsed.success else None
        return PARSED[self.folder][1]

    def _parse(self, *options: str) -> dbtRunnerResult:
        said = StringIO()
        with self.inside(), redirect_stdout(said), redirect_stderr(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = dbtRunner().invoke([*IN_PROCESS, "--quiet", *options, "parse"])
        if parsed.success:
            # In a copy of a project that was parsed, dbt would read the seeds of the other one.
            for node in parsed.result.nodes.values():
                if isinstance(node, SeedNode) and node.package_name == parsed.result.metadata.project_name:
                    node.root_path = str(self.folder)
        return parsed

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The project's folder is the current one, and its environment that of the project."""
        folder, environment = Path.cwd(), dict(os.environ)
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment())
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def ledger(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the append-only tables that exist."""
        existing = {name for (name,) in self.query("select table_name from duckdb_tables()")}
        return {
            name: self.query(f"select * from {name} order by all") if name in existing else [] for name in LEDGER
        }

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def declare(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the declaration of repurchase in dbt_project.yml."""
        file = self.folder / "dbt_project.yml"
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
        change(settings["vars"]["ml_models"]["repurchase"])
        file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")

    def copy(self, folder: Path) -> Project:
        shutil.copytree(self.folder, folder)
        return Project(folder)


def copied_project(folder: Path, *, sample: bool) -> Project:
    folder.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    project = Project(folder)
    if sample:
        shutil.copy(SAMPLE, folder / "seeds" / "repurchase" / "cdnow_orders.csv")
        project.declare(with_room_for_noise)
        without_company(project)
    return project


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def without_company(project: Project) -> None:
    """One ML model and its record are what these tests look at; what else is shipped takes as long again to build.

    The fixture `full` has all of it.
    """
    for folder in (
        "models/next_quarter_spend",
        "python_models/next_quarter_spend",
        "models/catalogue",
        "models/quality",
    ):
        shutil.rmtree(project.folder / folder)
    (project.folder / "models" / "_exposures.yml").unlink()
    for name in ("ml_run_log.sql", "ml_runs.sql", "ml_run_costs.sql", "ml_budgets.sql", "_runs__models.yml"):
        (project.folder / "models" / "monitoring" / name).unlink()
    for node in ("training_quality", "performance", "drift"):
        (project.folder / "python_models" / "repurchase" / f"repurchase_{node}.py").unlink()
    for name in (
        "repurchase_alerts.sql",
        "_repurchase_alerts.yml",
        "repurchase_review_queue.sql",
        "repurchase_feedback.sql",
        "_review__models.yml",
    ):
        (project.folder / "models" / "repurchase" / "scoring" / name).unlink()
    file = project.folder / "python_models" / "repurchase" / "_repurchase__python_nodes.yml"
    properties = yaml.safe_load(file.read_text(encoding="utf-8"))
    properties["models"] = [item for item in properties["models"] if item["name"] == "repurchase_versions"]
    file.write_text(yaml.safe_dump(properties, sort_keys=False), encoding="utf-8")
    file = project.folder / "dbt_project.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    del settings["vars"]["ml_models"]["next_quarter_spend"]
    for folder in ("next_quarter_spend", "catalogue", "quality"):
        del settings["models"]["ml_ledger"][folder]
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def with_room_for_noise(declaration: dict[str, Any]) -> None:
    """Limits are set for all customers; on a tenth of them, and on slices of these, metrics scatter more."""
    for key in ("training_quality", "monitoring", "retraining", "review"):
        declaration.pop(key)
    declaration["training"]["retrain_after_days"] = (
        90  # the shipped one waits for alerts, which the sample has none of
    )
    declaration["gate"]["maximum_calibration_error"] = 0.1
    del declaration["gate"]["value_hurdle"]
    for part in declaration["slices"].values():
        part.pop("limits", None)


def drop_feature(declaration: dict[str, Any], name: str) -> None:
    """Remove a feature from a declaration, and from the inputs of its smoke cases."""
    del declaration["features"][name]
    for case in declaration["smoke_cases"].values():
        case["inputs"].pop(name, None)


def made_once(name: str, tmp_path_factory: pytest.TempPathFactory, make: Callable[[Path], Project]) -> Project:
    """What `make` makes in a folder, for all processes of a test run: the first that asks makes it, the others wait."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / f"{name}.done"
        if done.exists():
            return Project(folder / name)
        project = make(folder / name)
        done.touch()
        return project


@pytest.fixture(scope="session")
def unbuilt_sample(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with the orders of 2,357 customers, parsed but never built. Copy it before changing it."""

    def make(folder: Path) -> Project:
        project = copied_project(folder, sample=True)
        project.dbt("parse")
        return project

    return made_once("unbuilt_sample", tmp_path_factory, make)


@pytest.fixture(scope="session")
def built_sample(unbuilt_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same, built at the end of 1997. Copy it before changing it."""

    def make(folder: Path) -> Project:
        project = unbuilt_sample.copy(folder)
        project.dbt("build", clock="1997-12-31", data_tests=False)
        return project

    return made_once("built_sample", tmp_path_factory, make)


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with all orders, built with its default clock and all of its tests. Read only."""

    def make(folder: Path) -> Project:
        project = copied_project(folder, sample=False)
        assert "WARN=0 ERROR=0 SKIP=0" in project.dbt("build", unit_tests=True)
        return project

    return made_once("full", tmp_path_factory, make)


@pytest.fixture
def built(built_sample: Project, tmp_path: Path) -> Iterator[Project]:
    """A built sample project of one's own."""
    yield built_sample.copy(tmp_path / "project")


@pytest.fixture
def unbuilt(unbuilt_sample: Project, tmp_path: Path) -> Iterator[Project]:
    """An unbuilt sample project of one's own."""
    yield unbuilt_sample.copy(tmp_path / "unbuilt")
