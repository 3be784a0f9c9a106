"""`ml-ledger new` and `init`: what columns suggest, and where text goes in files that people wrote."""

from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import ROOT

from ml_ledger.commands.main import main
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, WarehouseError
from ml_ledger.project.target import Place
from ml_ledger.scaffold.project_file import with_entry
from ml_ledger.scaffold.propose import Choices, proposal
from ml_ledger.scaffold.relation_columns import columns_of
from ml_ledger.scaffold.start import add, init, new

FEATURES = """create table analytics.customer_features as select
    i as customer_id, date '2025-01-01' as month, i as age, i - 50 as balance, i % 2 = 0 as member,
    case when i % 4 = 0 then null else 'plan ' || i % 3 end as plan, date '2020-01-01' + i::integer as signed_up,
    'same' as channel, 'note ' || i as note, null::integer as unknown, [i] as tags, 1.5 as "rate, net",
    case when i < 50 then 'yes' else 'no' end as "on", now() as stamped
    from range(100) as t(i)"""
LABELS = """create table analytics.LABELS as select
    customer_id, month, EXPRESSION as TARGET, month::timestamp as matured_at
    from analytics.customer_features"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema analytics")
        connection.execute(FEATURES)
        for name, expression in {
            "churned": "age < 30",
            "flag": "(age < 30)::integer",
            "spend": "age * 1.5",
            "next_plan": "'plan ' || age % 3",
        }.items():
            sql = LABELS.replace("LABELS", f"{name}_labels").replace("EXPRESSION", expression)
            connection.execute(sql.replace("TARGET", name))
    return Place(path, "analytics")


def proposed(place: Place, labels: str | None, **choices: str) -> tuple[str, dict]:
    relations = {"features": "customer_features"} | ({"labels": labels} if labels else {})
    text = proposal(
        "churn",
        relations,
        columns_of(place, "customer_features"),
        columns_of(place, labels) if labels else None,
        Choices(**choices),
    )
    declared = yaml.safe_load(text)["churn"]
    parse_spec("churn", declared)
    return text, declared


def test_columns_suggest_kinds_bounds_levels_and_what_is_missing(place: Place):
    text, declared = proposed(place, "churned_labels")
    assert (declared["task"], declared["entity"], declared["as_of"], declared["label"]) == (
        "binary", "customer_id", "month", "churned",
    )  # fmt: skip
    assert declared["features"] == {
        "age": {"kind": "numeric", "bounds": [0, None]},
        "balance": {"kind": "numeric"},
        "member": {"kind": "boolean"},
        "plan": {"kind": "categorical", "min_share": 0.01, "unknown": "rare", "missing": "own_level"},
        "signed_up": {"kind": "date", "parts": ["month", "weekday"], "unknown": "reference"},
        "on": {"kind": "categorical", "min_share": 0.01, "unknown": "rare"},
    }
    for name, why in {
        "channel": "always same",
        "note": "100 levels",
        "unknown": "always NULL",
        "tags": "type BIGINT[]",
        "rate, net": "always 1.5",
        "stamped": "type TIMESTAMP WITH TIME ZONE",
    }.items():
        assert f"# {name}: left out, " in text and why in text
    assert "25.0% missing" in text
    assert len(text.splitlines()) <= 30


@pytest.mark.parametrize(
    ("labels", "task"),
    [("churned", "binary"), ("flag", "binary"), ("spend", "regression"), ("next_plan", "multiclass")],
)
def test_the_label_suggests_the_task(place: Place, labels: str, task: str):
    declared = proposed(place, f"{labels}_labels")[1]
    assert declared["task"] == task
    assert declared.get("classes") == (["plan 0", "plan 1", "plan 2"] if task == "multiclass" else None)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("case when age < 30 then 'yes' else 'no' end", "has no more than two values, which must be 1 and 0"),
        ("1 + age % 2", "has no more than two values, which must be 1 and 0"),
        ("'class ' || age % 2", "has no more than two values, which must be 1 and 0"),
        ("'class ' || age % 51", "has 51 classes"),
        ("null::integer", "is always NULL"),
        ("month", "is of type DATE"),
    ],
)
def test_a_label_of_no_task_says_how_to_make_one(place: Place, expression: str, said: str):
    with duckdb.connect(str(place.path)) as connection:
        sql = LABELS.replace("LABELS", "labels").replace("EXPRESSION", expression)
        connection.execute(sql.replace("TARGET", "outcome"))
    with pytest.raises(SpecError, match=f"label outcome: {said}.*Fix: .* label"):
        proposed(place, "labels")
    if "51" in expression:
        with pytest.raises(SpecError, match=f"label outcome: {said}"):
            proposed(place, "labels", task="multiclass")
    if expression == "1 + age % 2":
        assert proposed(place, "labels", task="regression")[1]["task"] == "regression"


@pytest.mark.parametrize("classes", [3, 8, 50])
def test_every_class_is_declared(place: Place, classes: int):
    with duckdb.connect(str(place.path)) as connection:
        sql = LABELS.replace("LABELS", "labels").replace("EXPRESSION", f"'class ' || age % {classes}")
        connection.execute(sql.replace("TARGET", "outcome"))
    declared = proposed(place, "labels")[1]
    assert declared["classes"] == sorted(f"class {number}" for number in range(classes))
    assert set(declared["decision"]["actions"]) == set(declared["classes"])


def test_types_and_names_that_columns_may_have(place: Place):
    with duckdb.connect(str(place.path)) as connection:
        connection.execute(
            "create or replace table analytics.customer_features as select *, age::uhugeint as big,"
            " (timestamp '2020-01-01' + age * interval 1 day)::timestamp_s as opened, age as \"a: b, 'c' # d\""
            " from analytics.customer_features"
        )
    features = proposed(place, "churned_labels")[1]["features"]
    assert features["big"]["kind"] == "numeric"
    assert features["opened"]["kind"] == "date"
    assert features["a: b, 'c' # d"]["kind"] == "numeric"


def test_without_labels_it_is_a_clustering(place: Place):
    declared = proposed(place, None, as_of="month", entity="customer_id")[1]
    assert declared["task"] == "clustering"
    assert "label" not in declared


def test_what_the_columns_do_not_tell_is_asked_or_named_all_at_once(place: Place):
    with duckdb.connect(str(place.path)) as connection:
        connection.execute("alter table analytics.churned_labels add column signed_up date")
        connection.execute("alter table analytics.churned_labels add column why text")
        connection.execute("alter table analytics.churned_labels drop column matured_at")
    with pytest.raises(SpecError) as error:
        proposed(place, "churned_labels")
    said = str(error.value)
    assert "as_of: cannot be told from the columns. Allowed: month, signed_up. Fix: --as-of month" in said
    assert "label: cannot be told from the columns. Allowed: churned, why" in said
    assert "matured_at: the labels need the moment" in said
    with pytest.raises(SpecError, match="entity: is not a column; got nobody"):
        proposed(place, "flag_labels", entity="nobody")
    answers = {"as_of": "month", "label": "flag"}
    asked = []

    def ask(question: str) -> str:
        asked.append(question)
        return answers[question.partition(",")[0]]

    with duckdb.connect(str(place.path)) as connection:
        connection.execute("alter table analytics.flag_labels add column why text")
    assert proposed(place, "flag_labels", ask=ask)[1]["label"] == "flag"
    assert asked == ["label, one of flag, why: "]


def test_a_relation_that_is_not_built_is_named_with_the_way_to_build_it(place: Place):
    with pytest.raises(WarehouseError, match=r"holds no relation 'nothing'\. Fix: dbt build --select nothing"):
        columns_of(place, "nothing")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: shop\n", "name: shop\n\nvars:\n  ml_models:\n    a: 1\n"),
        ("name: shop\nvars:\n", "name: shop\nvars:\n  ml_models:\n    a: 1\n"),
        ("vars: {}  # none yet\nname: x\n", "vars:  # none yet\n  ml_models:\n    a: 1\nname: x\n"),
        ("vars:\n    b: 2\n# end\nname: x\n", "vars:\n    b: 2\n    ml_models:\n      a: 1\n# end\nname: x\n"),
        ("vars:\n  ml_models: {}  # ours\n  c: 3\n", "vars:\n  ml_models:  # ours\n    a: 1\n  c: 3\n"),
        (
            "vars:\n  ml_models:\n    b:\n      e: [1,\n        2]\n  c: 3\n",
            "vars:\n  ml_models:\n    b:\n      e: [1,\n        2]\n    a: 1\n  c: 3\n",
        ),
        (
            "vars:\n  ml_models:\n    b:\n      d: |\n        one\n        two\n  c: 3\n",
            "vars:\n  ml_models:\n    b:\n      d: |\n        one\n        two\n    a: 1\n  c: 3\n",
        ),
    ],
)
def test_an_entry_goes_where_it_belongs_and_all_else_stays(text: str, expected: str):
    assert with_entry(text, ("vars", "ml_models"), "a: 1\n", what="dbt_project.yml") == expected
    assert yaml.safe_load(expected)["vars"]["ml_models"]["a"] == 1


def test_what_stands_on_one_line_is_not_taken_apart():
    with pytest.raises(SpecError, match=r"vars\.ml_models is written on one line"):
        with_entry("vars:\n  ml_models: {b: 1}\n", ("vars", "ml_models"), "a: 1", what="dbt_project.yml")


def test_init_twice_changes_nothing(tmp_path: Path):
    (tmp_path / "dbt_project.yml").write_text("name: shop  # ours\nprofile: shop\n")
    (tmp_path / "packages.yml").write_text("packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n")
    said = init(tmp_path)
    assert "wrote  packages.yml" in said and "wrote  dbt_project.yml" in said
    packages = yaml.safe_load((tmp_path / "packages.yml").read_text())["packages"]
    assert (tmp_path / packages[1]["local"]).resolve() == ROOT
    before = [(tmp_path / name).read_text() for name in ("dbt_project.yml", "packages.yml")]
    assert before[0].startswith("name: shop  # ours\nprofile: shop\n")
    said = init(tmp_path)
    assert "kept   packages.yml" in said and "kept   dbt_project.yml" in said
    assert [(tmp_path / name).read_text() for name in ("dbt_project.yml", "packages.yml")] == before


def test_init_names_the_package_where_the_others_are(tmp_path: Path):
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    (tmp_path / "dependencies.yml").write_text("projects:\n  - name: core\n")
    assert "wrote  packages.yml" in init(tmp_path), "dependencies.yml names no packages"
    (tmp_path / "packages.yml").unlink()
    (tmp_path / "dependencies.yml").write_text("packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n")
    assert "wrote  dependencies.yml" in init(tmp_path)
    assert not (tmp_path / "packages.yml").exists()
    assert "kept   dependencies.yml" in init(tmp_path)


def test_init_takes_the_package_from_elsewhere_or_says_what_is_missing(tmp_path: Path, capsys):
    assert main(["init", "--project-dir", str(tmp_path)]) == 1
    assert "`dbt init` makes one" in capsys.readouterr().err
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    for given, said in {
        "https://example.com/ml_ledger.git": "must say a revision",
        str(tmp_path / "nowhere"): "holds no dbt_project.yml",
    }.items():
        with pytest.raises(SpecError, match=said):
            init(tmp_path, given)
        assert not (tmp_path / "packages.yml").exists()
    init(tmp_path, "https://example.com/ml_ledger.git@v0.1.0")
    assert yaml.safe_load((tmp_path / "packages.yml").read_text()) == {
        "packages": [{"git": "https://example.com/ml_ledger.git", "revision": "v0.1.0"}]
    }


def test_new_declares_and_add_adds_a_capability_with_its_nodes(place: Place, tmp_path: Path):
    project = tmp_path / "dbt_project.yml"
    project.write_text("name: shop\nvars:\n  ml_models: {}\n  mine: 1  # kept\n")
    relations = {"features": "customer_features", "labels": "churned_labels"}
    said, in_line = new(tmp_path, place, "churn", **relations, choices=Choices())
    assert in_line and "wrote  models/churn/churn_versions.py" in said
    assert "  mine: 1  # kept\n" in project.read_text()
    with pytest.raises(SpecError, match="is declared already"):
        new(tmp_path, place, "churn", **relations, choices=Choices())
    before = project.read_text()
    for name, capability, problem in (
        ("chur", "review", "is not declared"),
        ("churn", "rewiev", "is not a capability"),
    ):
        with pytest.raises(SpecError, match=problem):
            add(tmp_path, name, capability)
    assert project.read_text() == before
    said, _ = add(tmp_path, "churn", "review")
    assert "vars.ml_models.churn.review" in said
    assert (tmp_path / "models/churn/churn_review_queue.sql").exists()
    assert yaml.safe_load(project.read_text())["vars"]["ml_models"]["churn"]["review"] == {}
    assert "declares review already" in add(tmp_path, "churn", "review")[0]
    new(tmp_path, place, "spend", features="customer_features", labels="spend_labels", choices=Choices())
    assert list(yaml.safe_load(project.read_text())["vars"]["ml_models"]) == ["churn", "spend"]
