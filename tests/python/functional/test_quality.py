"""The generic data tests of docs/quality.md: each stays silent on clean rows, and catches and names a planted fault."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Project
from sklearn.metrics import roc_auc_score

CLOCK = "1998-06-30"
PROJECT = {
    "name": "ml_ledger",
    "version": "0.1.0",
    "profile": "ml_ledger",
    "vars": {
        "ml_clock": CLOCK,
        "ml_models": {
            "m": {
                "entity": "id",
                "as_of": "as_of",
                "features": {"amount": {"kind": "numeric"}, "country": {"kind": "categorical"}},
            }
        },
    },
    "models": {"+materialized": "view"},
    "data_tests": {"+store_failures": True},
}


@dataclass(frozen=True)
class Case:
    """A data test on two models; of the findings about the planted one, what they must say."""

    test: str
    arguments: dict[str, Any]
    clean: str
    planted: str
    says: list[dict[str, Any]]
    column: str | None = None
    relations: dict[str, str] = field(default_factory=dict)


def orders(amount: str = "10.5 + i % 7", where: str = "true", **others: str) -> str:
    """100 rows, i from 1 to 100, with an id and an amount."""
    columns = "".join(f", {sql} as {name}" for name, sql in others.items())
    return f"select cast(i as integer) as id, {amount} as amount{columns} from range(1, 101) as r(i) where {where}"


def countries(british: str, share: int = 20) -> str:
    """A fifth British, the rest French but for one German and one NULL."""
    country = f"case when i <= {share} then '{british}' when i = 50 then 'DE' when i = 51 then null else 'FR' end"
    return orders(country=country)


def splits(holdout_as_of: str, holdout_entity: int, train_matured: str = "1998-03-01") -> str:
    return f"""
        select i as entity_id, date '1998-01-01' as as_of, timestamp '{train_matured}' as matured_at,
            'train' as _ml_split
        from range(1, 11) as r(i)
        union all select {holdout_entity}, date '{holdout_as_of}', timestamp '1998-06-01', 'holdout'
        union all select null, date '1998-01-01', timestamp '1998-06-01', 'holdout'
    """


def months(last_rows: int) -> str:
    """24 or 10 rows in each month from October 1997 to April 1998, some in May, three in June, which is not over."""
    return f"""
        select (date '1997-10-01' + to_months(cast(m as integer))) + to_days(cast(d as integer)) as ordered_at
        from range(0, 9) as months(m), range(0, 28) as days(d)
        where d < case m when 8 then 3 when 7 then {last_rows} else if(m % 3 = 0, 24, 10) end
        union all select null
    """


def features_of(days_ahead: int, cut: str = "1999-01-01") -> str:
    """How many events came before each as-of date, or up to some days after it, from the events before a cut."""
    return f"""
        select cast(as_of as date) as as_of, count(*) as orders
        from (select date '1997-10-01' + to_months(cast(m as integer)) as as_of from range(0, 6) as months(m))
        inner join (select date '1997-09-01' + cast(d as integer) as on_day from range(0, 300) as days(d))
            on on_day < as_of + interval {days_ahead} day and on_day < date '{cut}'
        where as_of < date '{cut}'
        group by as_of
    """


FEATURES = (
    "select i as id, date '1998-01-01' as as_of, i * 2 as orders, nullif(i, 3) as gap from range(1, 31) as r(i)"
)
BOTH_CLASSES = "case when i % 20 = 0 then null else i % 2 end"


def at_two_dates(amount: str, country: str) -> str:
    """100 rows at the latest as-of date, and as many of an earlier one, whatever they hold."""
    return f"""
        select i as id, date '1998-06-01' as as_of, {amount} as amount, {country} as country from range(1, 101) as r(i)
        union all select i, date '1998-05-01', -7, 'XX' from range(1, 101) as r(i)
    """


# Of 1,000 training rows, 20 without an amount and 100 with 0; 700 French, 200 British, 100 without a country.
TRAINED_ON = """
    select 'm' as ml_model, version, 'feature' as part, feature, statistic, value, lower_bound, level
    from (values
        (2, 'amount', 'rows', 1000, null, null), (2, 'amount', 'missing', 20, null, null),
        (2, 'amount', 'minimum', 0, null, null), (2, 'amount', 'maximum', 150, null, null),
        (2, 'amount', 'default_value', 100, 0, null), (2, 'country', 'rows', 1000, null, null),
        (2, 'country', 'missing', 100, null, null), (2, 'country', 'level', 700, null, 'FR'),
        (2, 'country', 'level', 200, null, 'GB'), (1, 'amount', 'maximum', 1, null, null)
    ) as r(version, feature, statistic, value, lower_bound, level)
"""
LIVE = """
    select
        'm' as ml_model, 2 as version, 'champion' as slot, timestamp '1998-01-01' as valid_from,
        cast(null as timestamp) as valid_to
    union all select 'm', 1, 'champion', timestamp '1997-01-01', timestamp '1998-01-01'
"""

POWER = roc_auc_score([i % 3 == 0 for i in range(1, 101)], [i * 7 % 10 + 3 * (i % 3 == 0) for i in range(1, 101)])

CASES = {
    "missing": Case(
        "mostly_there",
        {"at_most": 0.05, "key": "id"},
        clean=orders("case when i > 5 then i end"),
        planted=orders("case when i > 6 then i end"),
        column="amount",
        says=[{"value": "0.0600", "allowed": "0.0500", "row_count": 6, "example": "id = 1"}],
    ),
    "missing_against_reference": Case(
        "mostly_there",
        {"at_most": 0.01, "key": ["id"], "reference": "ref('reference_missing')", "reference_where": "id > 50"},
        clean=orders("case when i > 8 then i end"),
        planted=orders("case when i > 9 then i end"),
        column="amount",
        relations={"reference_missing": orders("case when i not in (51, 52) then i end")},
        says=[{"value": "0.0900", "allowed": "0.0800", "row_count": 9}],
    ),
    "bounds": Case(
        "within",
        {"low": 0, "high": 100, "key": "id"},
        clean=orders("case when i = 7 then null else i end"),
        planted=orders("case i when 7 then -1 when 8 then 900 else i end"),
        column="amount",
        says=[{"value": "-1 to 900", "allowed": "0 to 100", "row_count": 2, "example": "id = 7"}],
    ),
    "bounds_of_dates": Case(
        "within",
        {"low": "1998-01-01", "key": "id"},
        clean=orders(on_day="date '1998-01-01'"),
        planted=orders(on_day="case when i = 9 then date '1900-01-01' else date '1998-01-01' end"),
        column="on_day",
        says=[{"value": "1900-01-01 to 1900-01-01", "allowed": "1998-01-01 to any", "example": "id = 9"}],
    ),
    "bounds_against_reference": Case(
        "within",
        {"reference": "ref('reference_bounds')", "at_most": 0.02, "key": "id"},
        clean=orders("case when i < 3 then 5000 else i end"),
        planted=orders("case when i < 4 then 5000 else i end"),
        column="amount",
        relations={"reference_bounds": orders("i")},
        says=[{"value": "5000 to 5000", "allowed": "1 to 100", "row_count": 3}],
    ),
    "zeros": Case(
        "no_default_spike",
        {"key": "id"},
        clean=orders("case when i = 1 then 0.00 when i = 2 then null else i + 0.25 end"),
        planted=orders("case when i < 4 then 0.00 else i + 0.25 end"),
        column="amount",
        says=[{"value": "0", "allowed": "0.0100", "row_count": 3, "example": "id = 1"}],
    ),
    "default_dates": Case(
        "no_default_spike",
        {"key": "id", "at_most": 0},
        clean=orders(born="timestamp '1970-01-02 00:00:00'"),
        planted=orders(
            born="case when i = 4 then timestamp '1900-01-01' else timestamp '1970-01-02 00:00:00' end"
        ),
        column="born",
        says=[{"value": "1900-01-01", "row_count": 1, "example": "id = 4"}],
    ),
    "sentinels_against_reference": Case(
        "no_default_spike",
        {"values": [-1, "N/A"], "reference": "ref('reference_codes')", "key": "id"},
        clean=orders(code="case when i <= 15 then '-1' else 'x' end"),
        planted=orders(code="case when i <= 16 then '-1' when i <= 30 then ' n/a' else 'x' end"),
        column="code",
        relations={"reference_codes": orders(code="case when i <= 5 then '-1' else 'x' end")},
        says=[
            {"value": "-1", "allowed": "0.1500", "row_count": 16},
            {"value": "n/a", "allowed": "0.0100", "row_count": 14},
        ],
    ),
    "integer_became_text": Case(
        "same_format",
        {"pattern": "integer", "key": "id"},
        clean=orders("case when i = 1 then null else i end"),
        planted=orders("case when i = 12 then '3.5' else cast(i as varchar) end"),
        column="amount",
        says=[{"value": "3.5", "allowed": "integer", "row_count": 1, "example": "id = 12: 3.5"}],
    ),
    "pattern": Case(
        "same_format",
        {"pattern": "[A-Z]{2}-[0-9]+", "at_most": 0.01, "key": "id"},
        clean=orders(code="case when i = 1 then 'gb-1' else 'GB-' || i end"),
        planted=orders(code="case when i < 3 then 'GB' || i || '\n' else 'GB-' || i end"),
        column="code",
        says=[{"value": "GB1\n", "row_count": 2}],
    ),
    "cast": Case(
        "same_format",
        {"castable_to": "date", "key": "id"},
        clean=orders(on_day="case when i > 1 then '1998-02-28' end"),
        planted=orders(on_day="case when i > 1 then '1998-02-28' else '1998-02-30' end"),
        column="on_day",
        says=[{"value": "1998-02-30", "allowed": "readable as date", "example": "id = 1: 1998-02-30"}],
    ),
    "shape": Case(
        "same_format",
        {"reference": "ref('reference_shapes')", "key": "id"},
        clean=orders(code="'FR-' || i"),
        planted=orders(code="case when i = 77 then 'FR' || i else 'FR-' || i end"),
        column="code",
        relations={"reference_shapes": orders(code="case when i > 3 then 'GB-' || i end")},
        says=[{"value": "FR77", "allowed": "a shape of the reference", "row_count": 1}],
    ),
    "levels": Case(
        "same_levels",
        {"levels": ["GB", "FR", "DE"], "key": "id"},
        clean=countries("GB"),
        planted=countries("gb"),
        column="country",
        says=[
            {"value": "GB", "row_count": 0, "what_to_do": "no longer has the level 'GB' in any of 99 rows"},
            {"value": "gb", "row_count": 20, "example": "id = 1", "what_to_do": "new level 'gb' in 20 of 99 rows"},
        ],
    ),
    "renamed_level": Case(
        "same_levels",
        {"reference": "ref('reference_countries')", "key": "id"},
        # The one German row of the reference may be absent by chance.
        clean="select * from (" + countries("GB", 17) + ") where country is distinct from 'DE'",
        planted=countries("UK", 17),
        column="country",
        relations={"reference_countries": countries("GB")},
        says=[
            {"value": "GB", "what_to_do": "Probably it was renamed to 'UK', which is new"},
            {"value": "UK", "what_to_do": "Probably 'GB', which is gone, was renamed to it", "row_count": 17},
        ],
    ),
    "vanished_and_new_but_no_rename": Case(
        "same_levels",
        {"levels": {"GB": 0.5, "FR": 0.5}, "at_most": 0.02, "key": "id"},
        clean=countries("GB"),
        planted=countries("UK"),
        column="country",
        says=[
            {"value": "GB", "allowed": "present, usual share 0.5000", "what_to_do": "is 0.5000. Fix: look"},
            {"value": "UK", "allowed": "new levels: a share of 0.0200", "what_to_do": "id = 1. Fix: map"},
        ],
    ),
    "duplicates": Case(
        "no_duplicates",
        {},
        clean=orders("nullif(i, 3)"),
        planted=orders("nullif(i, 3)") + " union all select 3, null union all select 3, null",
        says=[
            {"column_name": "all columns", "row_count": 2, "value": "0.0196", "example": "id = 3, amount = NULL"}
        ],
    ),
    "duplicates_over_columns": Case(
        "no_duplicates",
        {"columns": ["amount"], "at_most": 0.5},
        clean=orders("i % 50"),
        planted=orders("i % 49"),
        says=[{"column_name": "amount", "row_count": 51, "allowed": "0.5000"}],
    ),
    "stale": Case(
        "fresh_enough",
        {"days": 2, "key": "id"},
        clean=orders(on_day="date '1998-01-01' + to_days(cast(least(i * 2, 178) as integer))"),
        planted=orders(on_day="case when i = 2 then date '1998-07-01' when i > 2 then date '1998-06-27' end"),
        column="on_day",
        says=[{"value": "1998-06-27 00:00:00", "allowed": "1998-06-28 00:00:00", "row_count": 100}],
    ),
    "nothing_came": Case(
        "fresh_enough",
        {"days": 2},
        clean=orders(on_day="date '1998-06-28'"),
        planted=orders(on_day="date '1998-06-28'", where="false"),
        column="on_day",
        says=[{"value": None, "row_count": 0}],
    ),
    "too_few": Case(
        "enough_rows",
        {},
        clean=months(5),
        planted=months(4),
        column="ordered_at",
        says=[{"value": "4", "row_count": 4, "example": "the month that begins at 1998-05-01 00:00:00"}],
    ),
    "none_at_all": Case(
        "enough_rows",
        {"look_back": 4, "high": 1.5},
        clean=months(15),
        planted=months(0),
        column="ordered_at",
        says=[{"value": "0", "row_count": 0, "what_to_do": "the median of the 4 before it is 17.0"}],
    ),
    "too_many": Case(
        "enough_rows",
        {"high": 1.5},
        clean=months(15),
        planted=months(16),
        column="ordered_at",
        says=[{"value": "16"}],
    ),
    "known_too_late": Case(
        "known_at_the_as_of",
        {"as_of": "as_of", "key": "id"},
        clean=orders(as_of="date '1998-01-05'", known_at="timestamp '1998-01-05 00:00:00'"),
        planted=orders(
            as_of="date '1998-01-05'",
            known_at="case when i = 3 then null when i = 4 then timestamp '1998-01-05 00:00:01'"
            " else timestamp '1998-01-04' end",
        ),
        column="known_at",
        says=[{"value": "1998-01-05 00:00:01", "row_count": 2, "what_to_do": "(1 of them)"}],
    ),
    "in_train_and_holdout": Case(
        "splits_apart",
        {"entity": "entity_id", "as_of": "as_of"},
        clean=splits("1998-02-01", 1),
        planted=splits("1998-01-01", 4),
        says=[
            {"column_name": "_ml_split", "row_count": 1, "example": "entity_id = 4, as_of = 1998-01-01 00:00:00"}
        ],
    ),
    "overlapping_windows": Case(
        "splits_apart",
        {"entity": "entity_id", "as_of": "as_of", "matured_at": "matured_at"},
        clean=splits("1998-03-01", 4),
        planted=splits("1998-02-28", 4),
        says=[{"column_name": "matured_at", "row_count": 1, "value": "1998-03-01 00:00:00"}],
    ),
    "immature_labels": Case(
        "labels_matured",
        {"key": "id"},
        clean=orders(matured_at=f"timestamp '{CLOCK}'"),
        planted=orders(
            matured_at=f"case when i = 8 then timestamp '{CLOCK} 00:00:01' when i > 8 then date '{CLOCK}' end"
        ),
        column="matured_at",
        says=[{"row_count": 8, "value": f"{CLOCK} 00:00:01", "what_to_do": "(7 of them)"}],
    ),
    "giveaway": Case(
        "no_giveaway",
        {"label": "bought"},
        clean=orders("i % 11", bought=BOTH_CLASSES, orders="case when i > 5 then i % 2 * 3 + i % 5 end"),
        planted=orders(
            "i % 11",
            bought=BOTH_CLASSES,
            refund="i % 2 * -5 + i % 3",
            closed_at_day="case when i % 2 = 1 then i end",
            too_few="case when i < 10 then i % 2 end",
        ),
        says=[
            {
                "column_name": "closed_at_day",
                "value": "1.0000",
                "example": "whether it is missing",
                "row_count": 95,
            },
            {"column_name": "refund", "value": "1.0000", "example": "its value", "row_count": 95},
        ],
    ),
    "power_with_ties": Case(
        "no_giveaway",
        {"label": "bought", "positive": "yes", "features": ["amount"], "at_most": 0.7},
        clean=orders("i % 11", bought="if(i % 3 = 0, 'yes', 'no')"),
        planted=orders("-((i * 7) % 10 + if(i % 3 = 0, 3, 0))", bought="if(i % 3 = 0, 'yes', 'no')"),
        says=[{"column_name": "amount", "value": f"{POWER:.4f}", "row_count": 100}],
    ),
    "looks_ahead": Case(
        "past_does_not_change",
        {"recomputed": "ref('{kind}_at_the_cut')", "key": ["as_of"]},
        clean=features_of(days_ahead=0),
        planted=features_of(days_ahead=7),
        relations={
            "clean_at_the_cut": features_of(days_ahead=0, cut="1997-12-02"),
            "planted_at_the_cut": features_of(days_ahead=7, cut="1997-12-02"),
        },
        says=[{"column_name": "orders", "row_count": 1, "example": "as_of = 1997-12-01: 92 at the cut, 98 now"}],
    ),
    "changed_past": Case(
        "past_does_not_change",
        {"recomputed": "ref('features_at_the_cut')", "key": ["id", "as_of"]},
        clean=FEATURES + " union all select 1, date '1998-02-01', 7, 7",
        planted=FEATURES.replace("i * 2", "i * 2 + cast(i = 5 as integer)").replace("nullif(i, 3)", "i"),
        relations={"features_at_the_cut": FEATURES},
        says=[
            {
                "column_name": "gap",
                "example": "id = 3, as_of = 1998-01-01: NULL at the cut, 3 now",
                "row_count": 1,
            },
            {
                "column_name": "orders",
                "example": "id = 5, as_of = 1998-01-01: 10 at the cut, 11 now",
                "row_count": 1,
            },
        ],
    ),
    "past_with_tolerance": Case(
        "past_does_not_change",
        {"recomputed": "ref('features_at_the_cut')", "key": ["id"], "columns": ["orders"], "tolerance": 0.001},
        clean=FEATURES.replace("i * 2", "i * 2 + 0.0009"),
        planted=FEATURES.replace("i * 2", "i * 2 + 0.002"),
        says=[{"column_name": "orders", "row_count": 30}],
    ),
    "nothing_compared": Case(
        "past_does_not_change",
        {"recomputed": "ref('features_at_the_cut')", "key": ["id", "as_of"]},
        clean=FEATURES,
        planted=FEATURES.replace("1998-01", "1998-02"),
        says=[{"column_name": "id, as_of", "row_count": 0}],
    ),
    "unlike_training": Case(
        "like_its_training",
        {"ml_model": "m", "new_levels": 0.03},
        clean=at_two_dates(
            "case when i > 95 then null when i > 70 then 0 when i = 1 then 151 else i end",
            "case when i > 80 then null when i > 60 then 'GB' when i > 58 then 'DE' else 'FR' end",
        ),
        planted=at_two_dates(
            "case when i > 94 then null when i > 63 then 0 when i < 3 then 151 when i < 5 then 999 else i end",
            "case when i > 69 then null when i > 60 then 'UK' when i > 57 then 'DE' else 'FR' end",
        ),
        relations={"ml_reference": TRAINED_ON, "ml_deployments": LIVE},
        says=[
            {"column_name": "amount", "value": "0", "allowed": "0.3000", "row_count": 31},
            {
                "column_name": "amount",
                "value": "0.0600",
                "allowed": "0.0500",
                "example": "id = 100, as_of = 1998-06-01",
            },
            {
                "column_name": "amount",
                "value": "151 to 999",
                "allowed": "0 to 150",
                "row_count": 4,
            },
            {"column_name": "amount", "value": "999", "allowed": "0.0100", "row_count": 2},
            {"column_name": "country", "value": "0.3100", "allowed": "0.2000", "row_count": 31},
            {"column_name": "country", "value": "DE", "row_count": 3},
            {"column_name": "country", "value": "GB", "row_count": 0},
            {"column_name": "country", "value": "UK", "row_count": 9},
        ],
    ),
    "broken_cohorts": Case(
        "whole_cohorts",
        {"cohorts": "ref('every_label')", "entity": "id", "as_of": "as_of"},
        clean="select id, as_of from every_label where as_of = date '1998-01-01' and id is not null",
        planted="select id, as_of from every_label where bought = 1",
        relations={
            "every_label": "select i as id, date '1998-01-01' as as_of, 1 as bought from range(1, 11) as r(i)"
            " union all select i, date '1998-02-01', i % 2 from range(1, 11) as r(i)"
            " union all select null, date '1998-01-01', 0"
        },
        says=[{"column_name": "as_of", "value": "1998-02-01", "row_count": 5, "example": "id = 2"}],
    ),
}


@dataclass(frozen=True)
class Results:
    """What one `dbt build` of all cases gave: the status of each test, and its failing rows."""

    project: Project
    statuses: dict[str, str]

    def findings(self, test: str) -> list[dict[str, Any]]:
        columns = ("column_name", "value", "allowed", "row_count", "example", "what_to_do")
        rows = self.project.query(
            f"select {', '.join(columns)} from main_dbt_test__audit.{test} order by column_name, value"
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]


def properties(model: str, case: Case) -> dict[str, Any]:
    kind = model.partition("_")[0]
    arguments = {
        key: value.replace("{kind}", kind) if key == "recomputed" else value
        for key, value in case.arguments.items()
    }
    test = [{case.test: {"name": f"{model}_is_tested", "arguments": arguments}}]
    if case.column is None:
        return {"name": model, "data_tests": test}
    return {"name": model, "columns": [{"name": case.column, "data_tests": test}]}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("quality")
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT))
    shutil.copy(ROOT / "profiles.yml", folder)
    shutil.copytree(ROOT / "macros", folder / "macros")
    shutil.copytree(ROOT / "tests" / "generic", folder / "tests" / "generic")
    (folder / "models").mkdir()
    listed = []
    for name, case in CASES.items():
        for kind, sql in {"clean": case.clean, "planted": case.planted}.items():
            model = f"{kind}_{name}"
            sql = sql.replace("from every_label", "from {{ ref('every_label') }}")
            (folder / "models" / f"{model}.sql").write_text(sql)
            listed.append(properties(model, case))
        for relation, sql in case.relations.items():
            (folder / "models" / f"{relation}.sql").write_text(sql)
    (folder / "models" / "models.yml").write_text(yaml.safe_dump({"version": 2, "models": listed}))
    project = Project(folder)
    project.dbt("build", succeeds=False)
    ran = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return Results(project, {result["unique_id"].split(".")[2]: result["status"] for result in ran})


@pytest.mark.parametrize("name", CASES)
def test_clean_rows_are_no_finding(results: Results, name: str):
    assert results.statuses[f"clean_{name}"] == "success"
    assert results.statuses[f"clean_{name}_is_tested"] == "pass"


@pytest.mark.parametrize("name", CASES)
def test_a_planted_fault_is_found_and_named(results: Results, name: str):
    case = CASES[name]
    assert results.statuses[f"planted_{name}_is_tested"] == "fail"
    findings = results.findings(f"planted_{name}_is_tested")
    assert len(findings) == len(case.says), findings
    for finding, said in zip(findings, case.says, strict=True):
        assert finding["column_name"] == said.get("column_name", case.column)
        for what, expected in said.items():
            if what == "what_to_do":
                assert expected in finding["what_to_do"]
            else:
                assert finding[what] == expected, finding
        assert "Fix: " in finding["what_to_do"]
        assert None not in (finding["allowed"], finding["example"])


def test_every_test_of_the_page_has_a_case():
    page = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    tested = {case.test for case in CASES.values()}
    assert {test for test in tested if f"| `{test}` |" not in page} == set()
    assert {path.stem for path in Path(ROOT / "tests" / "generic").glob("*.sql")} >= tested
