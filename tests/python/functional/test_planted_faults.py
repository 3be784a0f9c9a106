"""Faults planted in the shipped project: its data tests find and name each, and stay silent on the clean orders.

Several faults are planted in one copy, since building it takes longest; each is for another test to find.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Project

CLOCK = "1998-06-30"
CUT = "1997-12-02"  # the day after an as-of date
MODELS = "models/repurchase"
STAGING = f"{MODELS}/staging/_staging__models.yml"
FEATURES = f"{MODELS}/features/_features__models.yml"
LOADED_TWICE = "1997-03"
BUILT = ("--select", "+repurchase_training_set", "quarantined_order_lines")
# Missing amounts are set aside in staging; the shipped project does not ask how many, nor for dates that are no dates.
MORE_TESTS = {
    "amount": {"mostly_there": {"arguments": {"at_most": 0.01, "key": "order_line"}}},
    "order_date": {"no_default_spike": {"arguments": {"key": "order_line"}}},
}
PAST = {
    "past_does_not_change": {
        "arguments": {
            "recomputed": "source('past', 'customer_purchase_features')",
            "key": ["customer_id", "as_of_date"],
        }
    }
}
EXPECTED = {
    ("mostly_there", "base_order_lines", "amount"),
    ("no_default_spike", "base_order_lines", "order_date"),
    ("no_duplicates", "base_order_lines", None),
    ("fresh_enough", "stg_order_days", "order_date"),
    ("enough_rows", "stg_order_days", "order_date"),
    ("within", "stg_order_days", "quantity"),
    ("no_default_spike", "stg_order_days", "amount"),
    ("past_does_not_change", "customer_purchase_features", None),
    ("whole_cohorts", "repurchase_training_set", None),
    ("splits_apart", "repurchase_training_set", None),
    ("labels_matured", "repurchase_training_set", "_ml_matured_at"),
    ("no_giveaway", "repurchase_training_set", None),
}
Order = dict[str, str]
Finding = dict[str, Any]
DataTest = tuple[str, str, str | None]


@dataclass(frozen=True)
class Checked:
    """A project, and what its data tests gave: of each test, model and column, the status and the failing rows."""

    project: Project
    statuses: dict[DataTest, str]
    findings: dict[DataTest, list[Finding]]

    def found(self, test: str, model: str, column: str) -> list[Finding]:
        """What a test of a column, or of a whole model, says about the column. It says it in words, too."""
        (asked,) = {(test, model, column), (test, model, None)} & self.statuses.keys()
        assert self.statuses[asked] in ("fail", "warn"), asked
        findings = [finding for finding in self.findings[asked] if finding["column_name"] == column]
        for finding in findings:
            said = finding["what_to_do"].lower()
            assert all(name in said for name in column.split(", "))
            assert finding["example"].removeprefix("latest row: ").lower() in said
            assert "fix: " in said
        return findings


def checked(project: Project, *, succeeds: bool) -> Checked:
    """Build what training reads, and run the data tests of that."""
    manifest = project.manifest()
    project.dbt("build", *BUILT, clock=CLOCK, data_tests=False, manifest=manifest)
    options = ("--indirect-selection", "buildable", "--exclude-resource-type", "unit_test", "--store-failures")
    project.dbt("test", *BUILT, *options, clock=CLOCK, succeeds=succeeds, manifest=manifest)
    target = project.folder / "target"
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    statuses, findings = {}, {}
    for result in json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]:
        node = nodes.get(result["unique_id"], {})
        if node.get("resource_type") != "test":
            continue
        asked = (node["test_metadata"]["name"], node["attached_node"].split(".")[-1], node["column_name"])
        statuses[asked] = result["status"]
        assert result["status"] in ("pass", "warn", "fail"), result["message"]
        if result["status"] != "pass":
            select = f"select cast(to_json(found) as varchar) from {result['relation_name']} as found"
            findings[asked] = [json.loads(row) for (row,) in project.query(select)]
    return Checked(project, statuses, findings)


def change_model(project: Project, path: str, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a properties file says about a model."""
    file = project.folder / path
    properties = yaml.safe_load(file.read_text(encoding="utf-8"))
    (model,) = (model for model in properties["models"] if model["name"] == name)
    change(model)
    file.write_text(yaml.safe_dump(properties), encoding="utf-8")


def ask_more_of_staging(project: Project) -> None:
    def change(model: dict[str, Any]) -> None:
        for column in model["columns"]:
            if column["name"] in MORE_TESTS:
                column.setdefault("data_tests", []).append(MORE_TESTS[column["name"]])

    change_model(project, STAGING, "base_order_lines", change)


def compute_the_past(project: Project) -> None:
    """The features as of the cut, in another schema, and the test that compares: docs/quality.md."""
    change_model(project, FEATURES, "customer_purchase_features", lambda model: model["data_tests"].append(PAST))
    source = {"name": "past", "tables": [{"name": "customer_purchase_features"}]}
    (project.folder / "models" / "past.yml").write_text(yaml.safe_dump({"version": 2, "sources": [source]}))
    profiles = yaml.safe_load((project.folder / "profiles.yml").read_text(encoding="utf-8"))
    outputs = profiles["ml_ledger"]["outputs"]
    outputs["past"] = {**outputs["embedded"], "schema": "past"}
    (project.folder / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")
    select = ("--select", "+customer_purchase_features", "--target", "past")
    project.dbt("build", *select, clock=CUT, data_tests=False)


def orders_of(project: Project) -> Path:
    return project.folder / "seeds" / "repurchase" / "cdnow_orders.csv"


def read(project: Project) -> list[Order]:
    with orders_of(project).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def with_faults(orders: list[Order]) -> list[Order]:
    """Faults of every kind, each in lines of their own."""
    faulty = []
    for number, order in enumerate(orders):
        month = order["order_date"][:7]
        # A month that never came, and a delivery that is late.
        if month == "1998-05" or order["order_date"] >= "1998-06-15":
            continue
        if number % 40 == 0:
            order = {**order, "amount": ""}
        elif number % 40 == 1:
            order = {**order, "amount": "0.00"}
        elif number % 40 == 2:
            order = {**order, "order_date": "1900-01-01"}
        elif number == 443:
            order = {**order, "quantity": "900"}
        faulty.append(order)
        if month == LOADED_TWICE:
            faulty.append({**order, "order_line": str(100_000 + number)})
    return faulty


@pytest.fixture(scope="module")
def clean(unbuilt_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    project = unbuilt_sample.copy(tmp_path_factory.mktemp("clean") / "project")
    ask_more_of_staging(project)
    compute_the_past(project)
    return checked(project, succeeds=True)


@pytest.fixture(scope="module")
def faulty(unbuilt_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    project = unbuilt_sample.copy(tmp_path_factory.mktemp("faulty") / "project")
    ask_more_of_staging(project)
    orders = with_faults(read(project))
    with orders_of(project).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(orders[0]))
        writer.writeheader()
        writer.writerows(orders)
    return checked(project, succeeds=False)


@pytest.fixture(scope="module")
def leaking(unbuilt_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    project = unbuilt_sample.copy(tmp_path_factory.mktemp("leaking") / "project")
    look_ahead(project)
    mature_early(project)
    leak_into_training(project)
    compute_the_past(project)
    return checked(project, succeeds=False)


def look_ahead(project: Project) -> None:
    """Let features read 20 days beyond the as-of date."""
    project.edit(
        f"{MODELS}/features/customer_purchase_features.sql",
        "as_of_dates.as_of_date > order_days.order_date",
        "as_of_dates.as_of_date + interval 20 day > order_days.order_date",
    )


def mature_early(project: Project) -> None:
    """Let a purchase be a label at once, and none only after 90 days."""
    labels = f"{MODELS}/labels/repurchase_labels.sql"
    project.edit(labels, "entities.window_end <= {{ ml_ledger.clock() }}", "true")
    project.edit(
        labels, "and last_known_day.order_date >= {{ dbt.dateadd('day', -1, 'entities.window_end') }}", ""
    )
    project.edit(
        labels,
        "select * from labels",
        "select * replace (least(matured_at, {{ ml_ledger.clock() }}) as matured_at) from labels"
        " where repurchased = 1 or matured_at <= {{ ml_ledger.clock() }}",
    )


def leak_into_training(project: Project) -> None:
    """Train on the holdout, too; on a label of the next year; and on a feature that is written after the outcome."""
    file = project.folder / MODELS / "training" / "repurchase_training_set.sql"
    file.write_text(
        f"""
        with built as ({file.read_text(encoding="utf-8")}),
        with_holdout as (
            select * from built
            union all select * replace ('train' as _ml_split) from built where _ml_split = 'holdout'
        )
        select
            * replace (if(customer_id = 4, timestamp '1999-01-01', _ml_matured_at) as _ml_matured_at),
            repurchased * 7 + 1 as offers_redeemed
        from with_holdout
        """,
        encoding="utf-8",
    )


def test_clean_orders_are_no_finding(clean: Checked):
    assert set(clean.statuses.values()) == {"pass"}
    assert clean.statuses.keys() >= EXPECTED


def test_missing_amounts(faulty: Checked):
    (finding,) = faulty.found("mostly_there", "base_order_lines", "amount")
    missing = {int(order["order_line"]) for order in read(faulty.project) if not order["amount"]}
    assert finding["row_count"] == len(missing)
    assert int(finding["example"].removeprefix("order_line = ")) in missing
    set_aside = "select order_line from quarantined_order_lines where amount is null"
    assert {line for (line,) in faulty.project.query(set_aside)} == missing


def test_a_quantity_out_of_bounds(faulty: Checked):
    (finding,) = faulty.found("within", "stg_order_days", "quantity")
    assert finding["row_count"] == 1
    assert finding["value"] == "900 to 900"
    assert finding["allowed"] == "1 to 200"
    assert finding["example"].startswith("customer_id = ")


def test_dates_that_stand_for_none(faulty: Checked):
    (finding,) = faulty.found("no_default_spike", "base_order_lines", "order_date")
    assert finding["value"] == "1900-01-01"
    assert "order_line = " in finding["example"]


def test_amounts_that_stand_for_none(faulty: Checked):
    (finding,) = faulty.found("no_default_spike", "stg_order_days", "amount")
    assert finding["value"] == "0"
    assert "order_date = " in finding["example"]


def test_a_file_that_was_loaded_twice(faulty: Checked):
    (finding,) = faulty.found("no_duplicates", "base_order_lines", "customer_id, order_date, quantity, amount")
    assert f"order_date = {LOADED_TWICE}" in finding["example"]


def test_a_delivery_that_is_late(faulty: Checked):
    (finding,) = faulty.found("fresh_enough", "stg_order_days", "order_date")
    assert finding["value"].startswith("1998-06-14")
    assert "order_date = 1998-06-14" in finding["example"]


def test_a_month_that_never_came(faulty: Checked):
    (finding,) = faulty.found("enough_rows", "stg_order_days", "order_date")
    assert finding["value"] == "0"
    assert finding["example"].startswith("the month that begins at 1998-05-01")


def test_a_feature_that_looks_ahead(leaking: Checked):
    (finding,) = leaking.found("past_does_not_change", "customer_purchase_features", "orders_30d")
    assert "as_of_date = 1997-12-01: " in finding["example"]


def test_labels_that_mature_early(leaking: Checked):
    findings = leaking.found("whole_cohorts", "repurchase_training_set", "as_of_date")
    assert [finding["value"] for finding in findings] == ["1998-05-01", "1998-06-01"]
    assert all(finding["example"].startswith("customer_id = ") for finding in findings)


def test_a_holdout_that_was_trained_on(leaking: Checked):
    (finding,) = leaking.found("splits_apart", "repurchase_training_set", "_ml_split")
    ((rows,),) = leaking.project.query("select count(*) from repurchase_training_set where _ml_split = 'holdout'")
    assert finding["row_count"] == rows > 0
    assert "as_of_date = 1998-06-01" in finding["example"]


def test_a_label_that_matures_after_the_clock(leaking: Checked):
    (finding,) = leaking.found("labels_matured", "repurchase_training_set", "_ml_matured_at")
    assert finding["example"].startswith("customer_id = 4, as_of_date = ")


def test_a_feature_that_gives_the_label_away(leaking: Checked):
    (finding,) = leaking.found("no_giveaway", "repurchase_training_set", "offers_redeemed")
    assert finding["value"].startswith("1.0")
    assert finding["example"] == "its value"
