"""Where commands read and write: what the profile says, as dbt reads it, and nothing else."""

import os
from pathlib import Path

import duckdb
import pytest
import yaml

from ml_ledger.commands.main import main
from ml_ledger.project.target import ProfileOptions, read_target
from ml_ledger.project.warehouse_file import opened
from ml_ledger.record.record_tables import located

OUTPUTS = {
    "dev": {"type": "duckdb", "path": "dev.duckdb", "schema": "dbt_ana"},
    "ci": {"type": "duckdb", "path": "{{ env_var('CI_FILE') }}", "schema": "{{ var('place', 'checks') }}"},
    "production": {"type": "duckdb", "path": "data/live.duckdb"},
    "shared": {"type": "duckdb", "path": "data/live.duckdb", "schema": "analytics"},
    "server": {"type": "postgres", "host": "db", "schema": "analytics"},
    "memory": {"type": "duckdb"},
    "cloud": {"type": "duckdb", "path": "md:warehouse"},
    "lake": {"type": "duckdb", "path": "ducklake:meta.ducklake"},
    "remote": {"type": "duckdb", "path": "dev.duckdb", "remote": {"host": "db", "port": 5433, "user": "ana"}},
}
LEDGERS = {
    "dev.duckdb": ["dbt_ana", "replay_x"],
    "ci.duckdb": ["checks", "elsewhere"],
    "data/live.duckdb": ["main", "analytics"],
}
BETWEEN = ("--from", "2024-01-31", "--to", "2024-02-29")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with several targets, whose files hold a ledger in each schema: its ML model has the schema's name."""
    (tmp_path / "data").mkdir()
    settings = {
        "name": "shop",
        "version": "1.0.0",
        "profile": "shop",
        "flags": {"send_anonymous_usage_stats": False},
    }
    settings["vars"] = {"ml_models": {"m": {}}}
    (tmp_path / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    write_profile(tmp_path, OUTPUTS)
    for file, schemas in LEDGERS.items():
        with duckdb.connect(str(tmp_path / file)) as connection:
            for schema in schemas:
                connection.execute(f"create schema if not exists {schema}")
                connection.execute(
                    f"create table {schema}.ml_deployments as select '{schema}' as ml_model, 'champion' as slot,"
                    " 1 as version, timestamp '2024-01-01' as valid_from, null::timestamp as valid_to"
                )
    for name in [name for name in os.environ if name.startswith(("DBT_", "ML_LEDGER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_profile(folder: Path, outputs: dict) -> None:
    profile = {"shop": {"target": "dev", "outputs": outputs}, "other": {"outputs": {"default": outputs["shared"]}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))


def said(capsys: pytest.CaptureFixture, *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(arguments) == code, capsys.readouterr()
    return capsys.readouterr()


def test_the_target_is_that_of_dbt(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    def read(*options: str) -> str:
        out, err = said(capsys, "metrics", *options)
        (line,) = err.splitlines()
        schema = line.split("schema ")[1].split(",")[0]
        assert f'ml_model="{schema}"' in out, "what is read is what is said"
        assert out.endswith("# EOF\n"), "and said where it is no part of what is read"
        return line

    assert read() == "Reading dev.duckdb, schema dbt_ana, target dev of profile shop"
    assert (
        read("--target", "shared") == "Reading data/live.duckdb, schema analytics, target shared of profile shop"
    )
    assert read("-t", "production") == "Reading data/live.duckdb, schema main, target production of profile shop"
    assert (
        read("--profile", "other") == "Reading data/live.duckdb, schema analytics, target default of profile other"
    )
    assert read("--schema", "replay_x") == "Reading dev.duckdb, schema replay_x, target dev of profile shop"
    monkeypatch.setenv("CI_FILE", "ci.duckdb")
    assert read("-t", "ci") == "Reading ci.duckdb, schema checks, target ci of profile shop"
    assert read("-t", "ci", "--vars", "{place: elsewhere}").startswith("Reading ci.duckdb, schema elsewhere")
    monkeypatch.setenv("DBT_TARGET", "shared")
    assert read().startswith("Reading data/live.duckdb, schema analytics")
    assert read("-t", "dev").startswith("Reading dev.duckdb"), "an option goes before the variable"
    monkeypatch.setenv("DBT_PROFILE", "other")
    monkeypatch.delenv("DBT_TARGET")
    assert read().startswith("Reading data/live.duckdb, schema analytics, target default of profile other")
    monkeypatch.delenv("DBT_PROFILE")

    # From another folder the path of a profile is another file, to dbt as well.
    (shop / "below").mkdir()
    monkeypatch.chdir(shop / "below")
    (shop / "below" / "dev.duckdb").write_bytes((shop / "dev.duckdb").read_bytes())
    assert read("--profiles-dir", "..") == "Reading dev.duckdb, schema dbt_ana, target dev of profile shop"
    monkeypatch.setenv("DBT_PROFILES_DIR", str(shop))
    assert read().startswith("Reading dev.duckdb, schema dbt_ana")
    (shop.parent / "away").mkdir()
    monkeypatch.chdir(shop.parent / "away")
    (shop.parent / "away" / "dev.duckdb").write_bytes((shop / "dev.duckdb").read_bytes())
    assert read("--project-dir", str(shop)).startswith("Reading dev.duckdb, schema dbt_ana")
    monkeypatch.setenv("DBT_PROJECT_DIR", str(shop))
    assert read().startswith("Reading dev.duckdb, schema dbt_ana")


def test_a_file_that_is_named_needs_no_project(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    (shop / "dbt_project.yml").unlink()
    _, err = said(capsys, "metrics", "--warehouse", "dev.duckdb")
    assert err == "Reading dev.duckdb, schema dbt_ana\n"
    _, err = said(capsys, "metrics", "--warehouse", "data/live.duckdb", "--schema", "main")
    assert err == "Reading data/live.duckdb, schema main\n"
    _, err = said(capsys, "metrics", "--warehouse", "data/live.duckdb", code=1)
    assert "data/live.duckdb: holds several ledgers: analytics, main. Fix: name one with --schema." in err


WITHOUT_FILE = {
    "server": "profile shop, target server: is of adapter 'postgres', which this command cannot read. Allowed: duckdb.",
    "memory": "profile shop, target memory: keeps no file; its path is ':memory:'. Allowed: the path of a DuckDB file.",
    "cloud": "profile shop, target cloud: keeps no file; its path is 'md:warehouse'.",
    "lake": "profile shop, target lake: keeps no file; its path is 'ducklake:meta.ducklake'.",
    "remote": "profile shop, target remote: keeps no file; its path is 'dev.duckdb'.",
    "ci": "the profile cannot be read: Parsing Error Env var required but not provided: 'CI_FILE'",
    "nowhere": "the profile cannot be read: Runtime Error The profile 'shop' does not have a target named 'nowhere'.",
}


@pytest.mark.parametrize("target", WITHOUT_FILE)
def test_a_target_without_a_file_is_refused(shop: Path, target: str, capsys: pytest.CaptureFixture):
    for command in (("show", "m"), ("verify",), ("replay", *BETWEEN, "--schema", "replay_x")):
        out, err = said(capsys, *command, "--target", target, code=1)
        assert err.startswith(f"ml-ledger: {WITHOUT_FILE[target]}")
        assert " Fix: " in err
        assert out == ""


def test_what_is_missing_is_named(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    assert "profile nobody: is not in " in said(capsys, "metrics", "--profile", "nobody", code=1)[1]
    assert "Path 'nowhere' does not exist. Fix:" in said(capsys, "metrics", "--profiles-dir", "nowhere", code=1)[1]
    assert "No dbt_project.yml found" in said(capsys, "metrics", "--project-dir", "data", code=1)[1]
    assert "--vars: must be a mapping; got '[1]'" in said(capsys, "metrics", "--vars", "[1]", code=1)[1]
    written = (shop / "dbt_project.yml").read_text()
    (shop / "dbt_project.yml").write_text(written.replace("vars:", "vars:\n  ml_clock: 2024-09-31"))
    assert "the profile cannot be read: day is out of range" in said(capsys, "metrics", code=1)[1], (
        "dbt stops as well"
    )
    (shop / "dbt_project.yml").write_text(written)
    with duckdb.connect("dev.duckdb") as connection:
        connection.execute("drop schema dbt_ana cascade")
    err = said(capsys, "metrics", code=1)[1]
    assert "dev.duckdb: holds no ledger in schema 'dbt_ana'. Allowed: replay_x. Fix: run `dbt build` first" in err


def test_a_schema_may_be_called_as_the_file(tmp_path: Path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("create schema shop")
        connection.execute("create table shop.shop.ml_deployments as select 'm' as ml_model")
    with opened(tmp_path / "shop.duckdb", "shop") as connection:
        assert connection.execute("select ml_model from ml_deployments").fetchall() == [("m",)]
        found = located(connection, "ml_deployments")
        assert connection.execute(f"select ml_model from {found}").fetchall() == [("m",)]


# Options of a replay, and why it is refused.
NOT_THERE = {
    "nothing is said": (
        (),
        "replay: does not know where to build. Allowed: --schema replay_…, beside the ledger in dev.duckdb, schema"
        " dbt_ana; --warehouse FILE, a file of its own; or --into-target dev, in the place of that ledger.",
    ),
    "fresh is no place": (("--fresh",), "replay: does not know where to build."),
    "the file of the target": (
        ("--warehouse", "dev.duckdb", "--fresh"),
        "--warehouse: dev.duckdb: is the file of target dev, and would get builds of the past.",
    ),
    "the file by another name": (
        ("--warehouse", "data/../dev.duckdb"),
        "--warehouse: data/../dev.duckdb: is the file of target dev",
    ),
    "the file of another target": (
        ("--warehouse", "data/live.duckdb"),
        "data/live.duckdb: is the file of target production, and a replay writes to no file of a target whose name"
        " begins so. Fix: copy the file, and name the copy with --warehouse.",
    ),
    "beside production": (
        ("--target", "production", "--schema", "replay_x"),
        "data/live.duckdb: is the file of target production",
    ),
    "beside production, by a target of the same file": (
        ("--target", "shared", "--schema", "replay_x"),
        "data/live.duckdb: is the file of target production",
    ),
    "into production": (
        ("--target", "production", "--into-target", "production"),
        "data/live.duckdb: is the file of target production",
    ),
    "into another target than dbt's": (
        ("--into-target", "shared"),
        "--into-target: is not the target that dbt would use; got shared. Allowed: dev.",
    ),
    "into a target and a schema": (
        ("--into-target", "dev", "--schema", "replay_x"),
        "--into-target: builds the project as it is, into the target as it is. Fix: leave out",
    ),
    "no name of a replay": (("--schema", "dbt_ana"), "--schema: is no name of a replay's schema; got 'dbt_ana'."),
    "a schema where a target builds": (
        ("--schema", "replay_dev"),
        "--schema: replay_dev: is where target replays builds. Fix: name another schema.",
    ),
    "no database": (
        ("--warehouse", "profiles.yml", "--fresh"),
        "--fresh: would remove profiles.yml, which is not a DuckDB file. Nothing was removed.",
    ),
    "a clock of its own": (
        ("--schema", "replay_x", "--vars", "{ml_clock: 2024-01-01}"),
        "--vars: ml_clock is what a replay sets itself.",
    ),
    "a day that does not exist": (("--to", "2024-02-30"), "--to: must be a date that exists; got '2024-02-30'."),
    "a week": (("--to", "2024-W10-1"), "--to: must be a date that exists; got '2024-W10-1'."),
    "the future": (("--to", "2999-01-31"), "--to: must not be after today; got 2999-01-31."),
    "backwards": (("--to", "2024-01-30"), "--from: must not be after --to"),
}


@pytest.mark.parametrize("case", NOT_THERE)
def test_a_replay_is_refused_before_it_touches_anything(shop: Path, case: str, capsys: pytest.CaptureFixture):
    write_profile(shop, OUTPUTS | {"replays": {"type": "duckdb", "path": "dev.duckdb", "schema": "replay_dev"}})
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    options, reason = NOT_THERE[case]
    out, err = said(capsys, "replay", *BETWEEN, *options, code=1)
    assert reason in err
    assert out == ""
    assert {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()} == before


def test_what_cannot_be_rendered_is_no_place_of_another_target(shop: Path):
    target = read_target(ProfileOptions(shop))
    assert set(target.places) == {"dev", "production", "shared"}
    assert target.settings == OUTPUTS["dev"]
    assert target.artifacts == shop / "target"


def test_the_page_goes_where_dbt_keeps_what_it_makes(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    with duckdb.connect("dev.duckdb") as connection:
        connection.execute(
            "create table dbt_ana.ml_versions as select 'm' as ml_model, 'binary' as task, 1 as version,"
            " timestamp '2023-12-01' as trained_at"
        )
        connection.execute("create table dbt_ana.ml_clock as select timestamp '2024-01-01' as clock")
        connection.execute("delete from dbt_ana.ml_deployments")
        connection.execute("alter table dbt_ana.ml_deployments add operation varchar")
        connection.execute("alter table dbt_ana.ml_deployments add actor varchar")
        connection.execute("alter table dbt_ana.ml_deployments add reason varchar")
    assert said(capsys, "report")[0] == "Wrote target/ml_ledger_report.html: m\n"
    monkeypatch.setenv("DBT_TARGET_PATH", "made")
    assert said(capsys, "report")[0] == "Wrote made/ml_ledger_report.html: m\n"
    assert said(capsys, "report", "--warehouse", "dev.duckdb")[0] == "Wrote ml_ledger_report.html: m\n"
    assert said(capsys, "report", "--output", "own.html")[0] == "Wrote own.html: m\n"
    made = {path.relative_to(shop).as_posix() for path in shop.rglob("*.html")}
    assert made == {
        "target/ml_ledger_report.html",
        "made/ml_ledger_report.html",
        "ml_ledger_report.html",
        "own.html",
    }


def test_validate_looks_at_the_clock(shop: Path, capsys: pytest.CaptureFixture):
    path = shop / "dbt_project.yml"
    settings = yaml.safe_load(path.read_text()) | {"vars": {}}
    for clock, valid in {
        "'2024-09-30'": True,
        "2024-09-30": True,
        "null": True,
        "'2024-09-30 18:00:00'": True,
        "'2024-09-31'": False,
        "2024-09-31": False,
        "2024-02-30": False,
        "'2024-13-01'": False,
        "'2024-09-30 25:00:00'": False,
        "2024-09-30T10:00:00+02:00": False,
        "20240930": False,
        "'2999-01-01'": False,
    }.items():
        path.write_text(yaml.safe_dump(settings).replace("vars: {}", f"vars: {{ml_clock: {clock}}}"))
        out, err = said(capsys, "validate", code=0 if valid else 1)
        assert valid or "dbt_project.yml: the clock is not valid: 1 problem. Nothing was written." in err, clock
        assert not valid or "declares no ML model" in out
    out, err = said(capsys, "validate", "--vars", "{ml_clock: '2024-09-30'}")
    assert err == "", "what is given goes before what the project says"
    _, err = said(capsys, "validate", "--vars", "{ml_clock: 2024-09-31}", code=1)
    assert (
        "1. ml_clock: must be a date or a timestamp that exists; got '2024-09-31'. Allowed: 1998-06-30 or" in err
    )
    path.write_text(
        yaml.safe_dump(settings | {"vars": {"ml_ledger": {"ml_clock": "2024-02-30"}, "ml_models": {"m": {}}}})
    )
    _, err = said(capsys, "validate", code=1)
    assert "ml_ledger.ml_clock: must be a date or a timestamp that exists; got '2024-02-30'" in err
    assert "ml_models.m.task: a required key is missing" in err, "all problems at once"
