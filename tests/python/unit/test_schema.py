"""The JSON Schema for editors: it takes what is valid, and refuses what a person would mistype."""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from conftest import ROOT
from jsonschema import Draft202012Validator

from ml_ledger.commands.declaration_schema import schema
from ml_ledger.commands.main import main

PROJECTS = ["dbt_project.yml", "integration_tests/dbt_project.yml"]
PROJECT = Draft202012Validator(json.loads(schema()))
ONE = Draft202012Validator(json.loads(schema(one=True)))


def settings(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return found


DECLARED = {
    name: declaration for path in PROJECTS for name, declaration in settings(path)["vars"]["ml_models"].items()
}


def problems(validator: Draft202012Validator, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(PROJECT.schema)
    Draft202012Validator.check_schema(ONE.schema)


@pytest.mark.parametrize("path", PROJECTS)
def test_a_project_with_valid_declarations_is_valid_with_whatever_else_it_says(path):
    assert problems(PROJECT, settings(path)) == []


@pytest.mark.parametrize("name", DECLARED)
def test_a_declaration_alone_is_valid(name):
    assert problems(ONE, DECLARED[name]) == []


def test_a_project_without_ml_models_is_valid():
    for project in ({}, {"vars": None}, {"name": "p", "vars": {"other": 1}}):
        assert problems(PROJECT, project) == []


MISTAKES: Mapping[str, Any] = {
    "a key": lambda d: d.update(treshold=0.3),
    "a key of a block": lambda d: d["gate"].update(champion_margn=0.1),
    "a key of a block in a block": lambda d: d["review"]["close_to_threshold"].update(most=3),
    "a key of an entry of a list": lambda d: d["monitoring"]["alerts"]["expected"][0].update(why="so"),
    "a key of a feature": lambda d: d["features"]["recency_days"].update(mising="reject"),
    "a key of another kind of feature": lambda d: d["features"].update(city={"kind": "categorical", "bins": 3}),
    "a kind": lambda d: d["features"]["recency_days"].update(kind="number"),
    "a family": lambda d: d["algorithm"].update(family="logistics"),
    "a hyperparameter": lambda d: d["algorithm"].update(hyperparameters={"c": 1}),
    "a hyperparameter of a baseline": lambda d: d["baselines"]["recency"].update(hyperparameters={"alpha": 1}),
    "a hyperparameter left out": lambda d: d["algorithm"].update(family="rule"),
    "a word": lambda d: d.update(keep_training_set="all"),
    "a number out of range": lambda d: d["training"].update(retrain_after_days=0),
    "text for a number": lambda d: d["decision"].update(threshold="high"),
    "a name": lambda d: d["slices"].update({"One order": {"where": "orders_lifetime = 1"}}),
    "a required key": lambda d: d.pop("entity"),
    "a required key of a block": lambda d: d["decision"].pop("fallback"),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused(mistake):
    declaration = copy.deepcopy(DECLARED["repurchase"])
    mistake(declaration)
    assert problems(ONE, declaration)
    assert problems(PROJECT, {"vars": {"ml_models": {"repurchase": declaration}}})


def test_a_name_of_an_ml_model_that_dbt_could_not_take_is_refused():
    assert problems(PROJECT, {"vars": {"ml_models": {"Re-purchase": DECLARED["repurchase"]}}})


def test_editors_show_what_a_key_means():
    missing: list[str] = []

    def look(node: Any, path: str) -> None:
        for key, inner in node.get("properties", {}).items():
            if not inner.get("description"):
                missing.append(f"{path}.{key}")

    for name, block in ONE.schema["$defs"].items():
        look(block, name)
    assert missing == []


@pytest.mark.parametrize("options, validator", [([], PROJECT), (["--one"], ONE)])
def test_the_command_prints_the_schema(options, validator, capsys):
    assert main(["schema", *options]) == 0
    assert json.loads(capsys.readouterr().out) == validator.schema
