"""`ml-ledger new --from-table`: one table becomes a feature model, a label model and a declaration."""

from pathlib import Path

import duckdb
import pytest
import yaml

from ml_ledger.errors import SpecError
from ml_ledger.project.target import Place
from ml_ledger.scaffold.propose import Choices
from ml_ledger.scaffold.start import new

TABLE = """create table customers as select
    i as customer_id, date '2025-01-01' as month, i % 70 as age, i * 1.5 as "Spend, net", i % 7 as "order",
    i % 3 = 0 as churned
    from range(100) as t(i)"""
FILES = ("models/churn/churn_features.sql", "models/churn/churn_labels.sql")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLE)
    (tmp_path / "dbt_project.yml").write_text("name: shop\nvars:\n  ml_models: {}\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/customers.sql").write_text("select 1")
    return Place(path, "main")


def test_a_table_becomes_features_and_labels(place: Place, tmp_path: Path):
    said, in_line = new(
        tmp_path, place, "churn", table="customers", matured_after=30, choices=Choices(label="churned")
    )
    assert in_line
    assert all(f"wrote  {file}" in said for file in FILES)
    features, labels = ((tmp_path / file).read_text() for file in FILES)
    assert features.splitlines()[1:] == [
        "select",
        '    "customer_id",',
        '    "month",',
        '    "age",',
        '    "Spend, net",',
        '    "order"',
        "from {{ ref('customers') }}",
    ]
    assert labels.splitlines()[1:] == [
        "select",
        '    "customer_id",',
        '    "month",',
        '    "churned",',
        "    cast({{ dbt.dateadd('day', 30, '\"month\"') }} as {{ dbt.type_timestamp() }}) as matured_at",
        "from {{ ref('customers') }}",
        'where "churned" is not null',
    ]
    declared = yaml.safe_load((tmp_path / "dbt_project.yml").read_text())["vars"]["ml_models"]["churn"]
    assert declared["relations"] == {"features": "churn_features", "labels": "churn_labels"}
    assert set(declared["features"]) == {"age", "Spend, net", "order"}
    assert (declared["entity"], declared["as_of"], declared["label"]) == ("customer_id", "month", "churned")


def test_the_table_may_say_itself_when_a_label_is_known(place: Place, tmp_path: Path):
    with duckdb.connect(str(place.path)) as connection:
        connection.execute("alter table customers add column matured_at timestamp default timestamp '2025-03-01'")
    new(tmp_path, place, "churn", table="customers", choices=Choices(label="churned"))
    features, labels = ((tmp_path / file).read_text() for file in FILES)
    assert "matured_at" not in features
    assert '    "churned",\n    matured_at\n' in labels


def test_what_it_cannot_see_is_asked(place: Place, tmp_path: Path):
    answers = {"label, one of": "churned", "days after the as-of date": "0"}
    asked = []

    def ask(question: str) -> str:
        asked.append(question)
        return next(answer for begin, answer in answers.items() if question.startswith(begin))

    new(tmp_path, place, "churn", table="customers", choices=Choices(ask=ask))
    assert len(asked) == 2
    assert "dateadd('day', 0, '\"month\"')" in (tmp_path / FILES[1]).read_text()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ["label: cannot be told from the columns", "Fix: --label NAME", "--matured-after DAYS, or a column"]),
        ({"matured_after": -1, "choices": Choices(label="left")}, ["label: is not a column; got left", "got -1"]),
        ({"table": "orders"}, ["holds no relation 'orders'"]),
    ],
)
def test_all_that_is_not_told_is_named_and_nothing_written(
    place: Place, tmp_path: Path, given: dict, said: list[str]
):
    before = (tmp_path / "dbt_project.yml").read_text()
    with pytest.raises(Exception) as error:
        new(tmp_path, place, "churn", **{"table": "customers", "choices": Choices(), **given})
    assert all(text in str(error.value) for text in said), error.value
    assert (tmp_path / "dbt_project.yml").read_text() == before
    assert not (tmp_path / "models/churn").exists()


def test_a_table_that_dbt_does_not_know_is_refused_and_a_source_named(place: Place, tmp_path: Path):
    (tmp_path / "models/customers.sql").unlink()
    arguments = {"matured_after": 30, "choices": Choices(label="churned")}
    with pytest.raises(SpecError, match=r"no dbt model and no seed .* Fix: declare it as a source"):
        new(tmp_path, place, "churn", table="customers", **arguments)
    new(tmp_path, place, "churn", table="shop.customers", **arguments)
    assert "from {{ source('shop', 'customers') }}" in (tmp_path / FILES[0]).read_text()


def test_models_that_are_there_stay(place: Place, tmp_path: Path):
    (tmp_path / "models/churn").mkdir()
    (tmp_path / FILES[1]).write_text("mine")
    with pytest.raises(SpecError, match=r"churn_labels\.sql: is there already"):
        new(tmp_path, place, "churn", table="customers", matured_after=30, choices=Choices(label="churned"))
    assert (tmp_path / FILES[1]).read_text() == "mine"
