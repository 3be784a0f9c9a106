"""What `ml-ledger sync` writes, and that the shipped example and the integration project are exactly that."""

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from ml_ledger.commands.main import main
from ml_ledger.scaffold.node_files import DESCRIPTIONS
from ml_ledger.scaffold.sync import sync
from ml_ledger.training.version import version_table

PROJECTS = [ROOT, ROOT / "integration_tests"]
FOLDERS = ("models", "python_models")
CHURN = {
    "task": "binary",
    "entity": "customer_id",
    "as_of": "month",
    "label": "churned",
    "relations": {"features": "customer_features", "labels": "billing.churn_labels"},
    "features": {"age": {"kind": "numeric"}},
    "algorithm": {"family": "logistic"},
    "baselines": {"constant": {"family": "constant"}},
    "decision": {"threshold": 0.5, "positive": "act", "negative": "leave", "fallback": "leave"},
}


def nodes_of(project: Path) -> dict[str, str]:
    """The text of every node by file name."""
    return {
        path.name: path.read_text(encoding="utf-8")
        for folder in FOLDERS
        for path in (project / folder).rglob("*")
        if path.suffix in (".sql", ".py")
        and path.stem.endswith(tuple(f"_{node}" for node in DESCRIPTIONS))
        and not path.stem.startswith("ml_")
    }


def declare(folder: Path, **keys: object) -> None:
    declared = {key: value for key, value in {**CHURN, **keys}.items() if value is not None}
    settings = {"name": "shop", "vars": {"ml_models": {"churn": declared}}}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings, sort_keys=False))


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_projects_that_are_shipped_are_what_sync_writes(project: Path, tmp_path: Path):
    shutil.copy(project / "dbt_project.yml", tmp_path)
    said, in_line = sync(tmp_path)
    assert in_line and "write its nodes yourself" not in said
    assert nodes_of(tmp_path) == nodes_of(project)
    assert sync(project, check=True) == ("Every node is in line with its declaration.", True)


def test_what_sync_wrote_it_does_not_write_again(tmp_path: Path):
    declare(tmp_path, monitoring={"drift": {}, "alerts": {}}, review={}, keep_training_set="full")
    sync(tmp_path)
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert sync(tmp_path) == ("Every node is in line with its declaration.", True)
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_columns_are_described_as_the_package_describes_its_views(tmp_path: Path):
    declare(tmp_path, keep_training_set="full")
    (tmp_path / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(ROOT)}]}))
    sync(tmp_path)
    models = [
        model
        for path in tmp_path.rglob("_churn__*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    ]
    described = {
        model["name"]: {column["name"]: column["description"] for column in model["columns"]} for model in models
    }
    assert described["churn_versions"].keys() == set(version_table(None).schema.names)
    assert described["churn_versions"]["trained_at"] == "Business clock of the training."
    assert described["churn_predictions"]["ml_model"] == "Name of the ML model: a key of `vars.ml_models`."
    kept = {"_ml_version", "_ml_entity_id", "_ml_as_of"}
    assert described["churn_training_rows"].keys() - described["churn_training_set"].keys() == kept
    assert {"customer_id", "month", "churned", "age"} < described["churn_training_set"].keys()


def test_a_new_block_adds_its_nodes_and_updates_those_that_read_them(tmp_path: Path):
    declare(tmp_path, monitoring={"drift": {}})
    sync(tmp_path)
    models = tmp_path / "models" / "churn"
    assert "training_rows" not in (models / "churn_drift.py").read_text()
    declare(tmp_path, monitoring={"drift": {}, "alerts": {}}, keep_training_set="full")
    said, in_line = sync(tmp_path, check=True)
    assert not in_line
    assert "models/churn/churn_alerts.sql: is missing" in said
    assert "models/churn/churn_drift.py: differs from the declaration" in said
    assert "run `ml-ledger sync`" in said
    assert not (models / "churn_alerts.sql").exists(), "a check writes nothing"
    assert sync(tmp_path)[1]
    assert "{{ ml_ledger.alerts('churn') }}" in (models / "churn_alerts.sql").read_text()
    assert 'training_rows=dbt.ref("churn_training_rows")' in (models / "churn_drift.py").read_text()
    described = [
        entry["name"] for path in models.glob("*.yml") for entry in yaml.safe_load(path.read_text())["models"]
    ]
    assert sorted(described) == sorted(set(described)), "dbt refuses two descriptions of one model"
    assert {"churn_alerts", "churn_drift"} <= set(described)


def test_a_node_that_is_no_longer_declared_is_named_and_kept(tmp_path: Path):
    declare(tmp_path, monitoring={"alerts": {}})
    sync(tmp_path)
    declare(tmp_path, monitoring={})
    said, in_line = sync(tmp_path)
    assert not in_line
    assert "models/churn/churn_alerts.sql: is no longer declared" in said
    assert (tmp_path / "models/churn/churn_alerts.sql").exists()


def test_what_somebody_wrote_is_left_as_it_is(tmp_path: Path):
    declare(tmp_path)
    models = tmp_path / "models"
    models.mkdir()
    (models / "churn_versions.py").write_text("# by hand\n")
    (models / "churn_batches.sql").write_text("select 1\n")
    (models / "churn_feedback.sql").write_text("select 'a model that has nothing to do with the ledger'\n")
    (models / "_mine.yml").write_text("models:\n  - name: churn_predictions\n    columns: [{name: score}]\n")
    said, in_line = sync(tmp_path)
    assert in_line
    assert "churn_versions.py: was written by hand" in said
    assert (models / "churn_versions.py").read_text() == "# by hand\n"
    assert (models / "churn_batches.sql").read_text() == "select 1\n"
    assert "churn_predictions" not in "".join(
        path.read_text() for path in models.rglob("*.yml") if path.name != "_mine.yml"
    )


def test_relations_of_a_source_and_of_other_tasks(tmp_path: Path):
    declare(
        tmp_path,
        relations={"features": "lake.customers", "labels": "churn_labels"},
        fairness={"attributes": {"region": {"reference": "north"}}},
        monitoring={},
        retraining={"on_alerts": ["no_champion"]},
    )
    sync(tmp_path)
    models = tmp_path / "models/churn"
    assert 'attributes=dbt.source("lake", "customers")' in (models / "churn_performance.py").read_text()
    assert 'alerts=dbt.ref("ml_ledger", "ml_last_alerts")' in (models / "churn_versions.py").read_text()
    shutil.rmtree(tmp_path / "models")
    declare(
        tmp_path,
        task="clustering",
        label=None,
        decision=None,
        relations={"features": "customers"},
        algorithm={"family": "kmeans", "hyperparameters": {"clusters": 3}},
        monitoring={"drift": {}},
    )
    sync(tmp_path)
    assert not (models / "churn_outcomes.sql").exists()
    assert not (models / "churn_performance.py").exists()
    assert "outcomes" not in (models / "churn_drift.py").read_text()


def test_every_problem_of_every_declaration_at_once_and_nothing_written(tmp_path: Path, capsys):
    declare(tmp_path, relations={"features": "customers"}, task="binari")
    text = (tmp_path / "dbt_project.yml").read_text()
    (tmp_path / "dbt_project.yml").write_text(text.replace("    churn:", "    other: 1\n    churn:"))
    assert main(["sync", "--project-dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "ml_models.churn.task" in said
    assert "ml_models.other" in said
    assert not (tmp_path / "models").exists()
    declare(tmp_path, relations={"features": "customers"})
    assert main(["sync", "--project-dir", str(tmp_path)]) == 1
    assert "ml_models.churn.relations.labels: a required key is missing" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["sync"], ["validate"], ["add", "churn", "review"]])
def test_declarations_that_are_no_mapping_are_named(tmp_path: Path, capsys, command: list[str]):
    (tmp_path / "dbt_project.yml").write_text("name: shop\nvars:\n  ml_models:\n    - churn\n")
    assert main([*command, "--project-dir", str(tmp_path)]) == 1
    assert "vars.ml_models must be a mapping of names to declarations; got list" in capsys.readouterr().err
    (tmp_path / "dbt_project.yml").write_text("name: shop\nvars:\n  ml_models:\n    churn: 1\n")
    assert main([*command, "--project-dir", str(tmp_path)]) == 1
    assert "ml_models.churn: must be a mapping of keys; got int" in capsys.readouterr().err


def test_a_description_is_added_to_the_list_of_models_wherever_that_ends(tmp_path: Path):
    declare(tmp_path)
    sync(tmp_path)
    file = tmp_path / "models/churn/_churn__nodes.yml"
    text = file.read_text()
    file.write_text(text + "\nunit_tests:\n  - name: ours\n    model: churn_predictions\n")
    declare(tmp_path, keep_training_set="full")
    assert sync(tmp_path)[1]
    content = yaml.safe_load(file.read_text())
    assert content["unit_tests"] == [{"name": "ours", "model": "churn_predictions"}]
    assert [entry["name"] for entry in content["models"]][-1] == "churn_training_rows"
    assert file.read_text().startswith(text), "what was there stays as it was"


def test_a_declaration_without_relations_has_nodes_of_its_own(tmp_path: Path):
    declare(tmp_path, relations=None)
    said, in_line = sync(tmp_path)
    assert in_line
    assert "churn: does not say where its features and labels come from" in said
    assert not (tmp_path / "models").exists()
