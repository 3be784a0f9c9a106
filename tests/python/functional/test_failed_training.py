"""What keeps a version from being trained stops no decision, and no other ML model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Project, made_once
from many_models import declaration, many_models, redeclare

MISTAKES = {
    "unknown_key": (lambda d: d.update(treshold=0.3), "ml_models.unknown_key.treshold: unknown key; got 0.3"),
    "no_entity": (lambda d: d.pop("entity"), "ml_models.no_entity.entity: a required key is missing"),
    "entity_misspelt": (lambda d: d.update(entity="ident"), "features: entity: is no column of"),
    "one_class": (lambda d: d.update(label="never_one"), "label never_one: has one class in the train split"),
    "not_a_mapping": (lambda d: d.update(features="h1"), "ml_models.not_a_mapping.features"),
    "not_a_number": (lambda d: d["decision"].update(threshold=float("nan")), "decision.threshold"),
}
CLOCK, LATER = "2024-07-02", "2024-08-15"


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two ML models that work and several with a mistake each, built once. Copy it before changing it."""

    def make(folder: Path) -> Project:
        declarations = {"one": declaration(), "two": declaration()}
        declarations |= {name: declaration(change) for name, (change, _) in MISTAKES.items()}
        project = many_models(folder, declarations)
        (folder / "said.txt").write_text(project.dbt("build", clock=CLOCK, succeeds=False), encoding="utf-8")
        return project

    made = made_once("several", tmp_path_factory, make)
    return Project(made.folder / "user") if made.folder.name != "user" else made


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Project]:
    """One ML model with a champion."""
    project = many_models(tmp_path, {"one": declaration(lambda d: d.update(monitoring={"alerts": {}}))})
    project.dbt("build", clock=CLOCK)
    yield project


def decided(project: Project) -> list[tuple]:
    return project.query(
        "select as_of::date::varchar, version, count(*) from ml_predictions where ml_model = 'one'"
        " group by all order by all"
    )


def test_ml_models_that_cannot_be_trained_stop_no_other(several: Project):
    """Each says why in a row and at the end of the build, whose failure is one test; nothing is skipped."""
    said = (several.folder.parent / "said.txt").read_text(encoding="utf-8")
    assert " ERROR=1 SKIP=0 " in said, "the test, and nothing after it"
    assert "no_training_failed_without_a_champion" in said
    assert several.query("select ml_model, version, count(*) from ml_predictions group by all order by all") == [
        ("one", 1, 400),
        ("two", 1, 400),
    ]
    attempts = dict(several.query("select ml_model, message from ml_training_attempts where is_open"))
    assert attempts.keys() == MISTAKES.keys()
    for name, (_, message) in MISTAKES.items():
        assert message in attempts[name]
        assert f"no version of {name} was trained; none decides. {attempts[name].splitlines()[0]}" in said


def test_a_build_again_appends_nothing_and_a_mended_declaration_is_trained(several: Project, tmp_path: Path):
    project = several.copy(tmp_path / "user")
    recorded = "select * exclude (is_open, champion_version) from ml_training_attempts order by all"
    before = project.query(recorded)
    redeclare(project, "unknown_key", lambda d: d.pop("treshold"))
    redeclare(project, "no_entity", lambda d: d.update(entity="id"))
    project.dbt("build", "--exclude-resource-type", "test", clock=CLOCK)
    assert project.query(recorded) == before
    assert project.query("select ml_model, version, count(*) from ml_predictions group by all order by all") == [
        (name, 1, 400) for name in ("no_entity", "one", "two", "unknown_key")
    ]
    assert {name for (name,) in project.query("select ml_model from ml_training_attempts where is_open")} == (
        MISTAKES.keys() - {"unknown_key", "no_entity"}
    )


@pytest.mark.parametrize("mistake", ["a month without a positive", "a declaration that is not valid"])
def test_the_champion_decides_when_retraining_fails(one: Project, mistake: str):
    """August has come: retraining is due, with July's labels."""
    one.edit("models/features.sql", "date '2024-07-01'", "date '2024-08-01'")
    one.edit(
        "models/features.sql",
        "select date '2024-05-01'",
        "select date '2024-07-01' union all select date '2024-05-01'",
    )
    one.edit("models/labels.sql", "month < date '2024-07-01'", "month < date '2024-08-01'")
    if mistake == "a month without a positive":
        one.edit("models/labels.sql", "cast(hash(", "cast(month < date '2024-07-01' and hash(")
    else:
        redeclare(one, "one", lambda d: d.update(monitoring={"alerts": {}, "period": 7}, classes=3, gate="strict"))
    said = one.dbt("build", clock=LATER)
    assert "WARN=2" in said, "the attempt and its alert"
    assert decided(one) == [("2024-07-01", 1, 400), ("2024-08-01", 1, 400)]
    ((champion, kind),) = one.query("select champion_version, kind from ml_training_attempts where is_open")
    assert (champion, kind) == (
        (1, "training_set_refused") if "positive" in mistake else (1, "invalid_declaration")
    )
    assert one.query("select rule, severity from ml_alerts where rule = 'training_failed'") == [
        ("training_failed", "warn")
    ]
    assert "version 1 goes on deciding" in said


def test_a_build_of_empty_relations_is_green_and_appends_nothing(tmp_path: Path):
    project = many_models(tmp_path, {"one": declaration()})
    project.dbt("build", "--empty", clock=CLOCK, data_tests=False)
    for table in ("one_versions", "one_deployments", "one_predictions", "one_batches", "ml_training_attempts"):
        assert project.query(f"select count(*) from {table}") == [(0,)]
    project.dbt("build", clock=CLOCK, data_tests=False)
    assert decided(project) == [("2024-07-01", 1, 400)]
