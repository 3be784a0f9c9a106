"""Quarantine, docs/quarantine.md: every check against a naive loop, every action, and what is shown over time."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Project

CLOCK = date(1998, 6, 30)
TYPES = {
    "order_id": "integer",
    "customer_id": "integer",
    "ordered_on": "date",
    "shipped_on": "date",
    "quantity": "integer",
    "amount": "decimal(10, 2)",
    "code": "varchar",
    "weight": "varchar",
    "country": "varchar",
}
CHECKED = """
{{ ml_ledger.checked_rows(
    source=ref('orders'),
    key='order_id',
    checks={
        'customer_there': {'not_missing': 'customer_id'},
        'customer_known': {'refers_to': 'customer_id', 'to': ref('customers'), 'to_columns': 'id'},
        'quantity_bounds': {'within': 'quantity', 'low': 1, 'high': 200},
        'quantity_real': {'not_default': 'quantity', 'values': [999, -1.0]},
        'amount_bounds': {'within': 'amount', 'low': 0, 'high': '100 * quantity'},
        'day_bound': {'within': 'ordered_on', 'low': '1997-01-01'},
        'day_real': {'not_default': 'ordered_on', 'values': ['1900-01-01']},
        'code_format': {'matches': 'code', 'pattern': '[A-Z]{2}-[0-9]+'},
        'weight_number': {'castable': 'weight', 'to': 'decimal(10, 3)'},
        'country_known': {'one_of': 'country', 'levels': ['GB', 'FR'], 'action': 'warn'},
        'not_in_future': {'not_after': 'ordered_on'},
        'shipped_after': {
            'holds': 'coalesce(shipped_on >= ordered_on, true)',
            'reason': "shipped on {shipped_on}, before it was ordered on {ordered_on}: isn't possible",
            'action': 'warn',
        },
        'loaded_once': {'not_duplicate': ['customer_id', 'ordered_on', 'amount'], 'order_by': 'order_id'},
    },
) }}
"""
# Checks as a mapping of YAML, over a common table expression, with a key of two columns.
MORE_CHECKS = {
    "no bound": {"within": "level", "low": "(select max(part) from pairs where false)"},
    "many levels": {"one_of": "level", "levels": list(range(1, 13))},
    "condition": {"holds": "other > 0"},
    "small": {"castable": "level", "to": "tinyint"},
    "pair": {"refers_to": ["part", "number"], "to": "pairs"},
    "format": {"matches": "word", "pattern": "integer"},
    "unknown": {"not_default": "word", "values": ["", "N/A"]},
    "before": {"not_after": "day", "limit": "1998-01-31"},
    "never here": {"not_missing": "part", "action": "fail"},
}
MORE_ROWS = """
with pairs as (select 1 as part, 1 as number union all select 1, 1 union all select 1, 3 union all select null, 2),
rows as (
    select 1 as part, 1 as number, 5 as level, '7' as word, 1 as other, timestamp '1998-01-31 00:00:00' as day
    union all select 1, 2, 500, 'n/a', 0, timestamp '1998-01-31 00:00:01'
    union all select 1, 3, null, null, null, null
    union all select 2, null, 1, '', 1, null
),
checked as ({{ ml_ledger.checked_rows(source='rows', key=['part', 'number'], checks=var('more_checks')) }})
select * from checked
"""
MORE_EXPECTED = [
    (1, 1, None),
    (
        1,
        2,
        {
            "many levels": "level '500' is not one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ... (12 in all)",
            "condition": "does not hold: other > 0",
            "small": "level '500' cannot be read as tinyint",
            "pair": "part = 1, number = 2 is not in pairs",
            "format": "word 'n/a' does not match integer",
            "unknown": "word 'n/a' is a placeholder for a missing value",
            "before": "day 1998-01-31 00:00:01 is after 1998-01-31",
        },
    ),
    (1, 3, {"condition": "does not hold: other > 0"}),
    (
        2,
        None,
        {"format": "word '' does not match integer", "unknown": "word '' is a placeholder for a missing value"},
    ),
]
EMPTY = """
{{ ml_ledger.checked_rows(
    source='(select 1 as id where false)', key='id', checks={'id': {'not_missing': 'id', 'action': 'fail'}}
) }}
"""
GOOD = "select * from {{ ref('checked_orders') }} where quarantine_reasons is null"
SET_ASIDE = "select * from {{ ref('checked_orders') }} where quarantine_reasons is not null"

PROJECT = {
    "name": "ml_ledger",
    "version": "0.1.0",
    "profile": "ml_ledger",
    "flags": {"send_anonymous_usage_stats": False},
    "vars": {
        "ml_models": {},
        "more_checks": MORE_CHECKS,
        "ml_quarantined": {
            "set_aside_orders": {"key": "order_id", "timestamp": "ordered_on", "source": "checked_orders"}
        },
    },
    "models": {"ml_ledger": {"+materialized": "table", "quality": {"+materialized": "view"}}},
    "seeds": {"ml_ledger": {"orders": {"+column_types": TYPES}}},
}

Row = dict[str, Any]


def random_orders() -> list[Row]:
    """300 orders, about half of them with faults."""
    draw = random.Random(1998)
    rows: list[Row] = []
    for order_id in range(1, 301):
        ordered_on = date(1997, 3, 1) + timedelta(days=draw.randrange(480))
        quantity = draw.randrange(1, 6)
        row: Row = {
            "order_id": order_id,
            "customer_id": draw.randrange(1, 21),
            "ordered_on": ordered_on,
            "shipped_on": ordered_on + timedelta(days=draw.randrange(4)),
            "quantity": quantity,
            "amount": Decimal(draw.randrange(10000 * quantity)) / 100,
            "code": f"{draw.choice(['GB', 'FR'])}-{order_id}",
            "weight": f"{draw.randrange(90)}.5",
            "country": draw.choice(["GB", "FR"]),
        }
        faults: dict[str, list[Any]] = {
            "customer_id": [None, 21, 99],
            "ordered_on": [None, date(1900, 1, 1), date(1996, 12, 31), CLOCK, CLOCK + timedelta(days=1)],
            "shipped_on": [None, date(1997, 1, 1)],
            "quantity": [None, 0, 1, 200, 201, 999, -1],
            "amount": [None, Decimal("0.00"), Decimal("-0.01"), Decimal("500.01")],
            "code": [None, "gb-1", "GB1", "it's", ""],
            "weight": [None, "n/a", "1,5", "it's", " "],
            "country": [None, "UK", "gb", '"GB"'],
        }
        for column in draw.sample(sorted(faults), draw.choice([0, 0, 0, 1, 1, 3])):
            row[column] = draw.choice(faults[column])
        if rows and draw.random() < 0.15:
            row |= {column: rows[-1][column] for column in ("customer_id", "ordered_on", "amount")}
        rows.append(row)
    return rows


def faults_of(row: Row) -> dict[str, str]:
    """Of one row, everything but copies."""
    faults = {}
    customer, quantity, amount, day = (row[name] for name in ("customer_id", "quantity", "amount", "ordered_on"))
    if customer is None:
        faults["customer_there"] = "customer_id is missing"
    elif customer > 20:
        faults["customer_known"] = f"customer_id = {customer} is not in customers"
    if quantity is not None and quantity < 1:
        faults["quantity_bounds"] = f"quantity {quantity} is below 1"
    elif quantity is not None and quantity > 200:
        faults["quantity_bounds"] = f"quantity {quantity} is above 200"
    if quantity in (999, -1):
        faults["quantity_real"] = f"quantity '{quantity}' is a placeholder for a missing value"
    if amount is not None and amount < 0:
        faults["amount_bounds"] = f"amount {amount:.2f} is below 0"
    elif amount is not None and quantity is not None and amount > 100 * quantity:
        faults["amount_bounds"] = f"amount {amount:.2f} is above {100 * quantity}"
    if day is not None and day < date(1997, 1, 1):
        faults["day_bound"] = f"ordered_on {day} is below 1997-01-01"
    if day == date(1900, 1, 1):
        faults["day_real"] = "ordered_on '1900-01-01' is a placeholder for a missing value"
    if row["code"] is not None and not re.fullmatch("[A-Z]{2}-[0-9]+", row["code"]):
        faults["code_format"] = f"code '{row['code']}' does not match [A-Z]{{2}}-[0-9]+"
    if row["weight"] is not None and not re.fullmatch("[0-9.]+", row["weight"]):
        faults["weight_number"] = f"weight '{row['weight']}' cannot be read as decimal(10, 3)"
    if day is not None and day > CLOCK:
        faults["not_in_future"] = f"ordered_on {day} is after {CLOCK} 00:00:00"
    return faults


def warnings_of(row: Row) -> list[str]:
    words = []
    if row["country"] not in (None, "GB", "FR"):
        words.append(f"country '{row['country']}' is not one of GB, FR")
    if row["shipped_on"] and row["ordered_on"] and row["shipped_on"] < row["ordered_on"]:
        words.append(
            f"shipped on {row['shipped_on']}, before it was ordered on {row['ordered_on']}: isn't possible"
        )
    return words


def expected(rows: list[Row]) -> dict[int, tuple[dict[str, str], list[str]]]:
    """Of each row, by its key, why it is set aside and what is warned of."""
    found, seen = {}, {}
    for row in sorted(rows, key=lambda row: row["order_id"]):
        faults = faults_of(row)
        same = (row["customer_id"], row["ordered_on"], row["amount"])
        if not faults and same in seen:
            faults["loaded_once"] = f"copy of order_id = {seen[same]}: same customer_id, ordered_on, amount"
        elif not faults:
            seen[same] = row["order_id"]
        found[row["order_id"]] = (faults, warnings_of(row))
    return found


@dataclass(frozen=True)
class Shop:
    """A project with orders and their quarantine."""

    project: Project

    def load(self, rows: list[Row]) -> None:
        lines = [",".join(TYPES)]
        for row in rows:
            cells = ["" if row[name] is None else str(row[name]).replace('"', '""') for name in TYPES]
            lines.append(",".join(f'"{cell}"' if re.search(r'[",]| $|^ ', cell) else cell for cell in cells))
        (self.project.folder / "seeds" / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        names = self.project.query("select table_name from duckdb_tables() order by 1")
        return {name: self.project.query(f"select * from {name} order by all") for (name,) in names}

    def log(self) -> list[tuple[Any, ...]]:
        return self.project.query(
            "select clock::date::varchar, check_name, row_count, change from ml_quarantine_log order by all"
        )


@pytest.fixture(scope="module")
def orders() -> list[Row]:
    rows = random_orders()
    for row in rows:  # an empty text in a CSV is NULL
        for column in ("code", "weight"):
            row[column] = row[column] or None
    return rows


@pytest.fixture(scope="module")
def unbuilt(tmp_path_factory: pytest.TempPathFactory, orders: list[Row]) -> Shop:
    folder = tmp_path_factory.mktemp("quarantine") / "project"
    for name in ("macros", "tests/generic"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT))
    shutil.copy(ROOT / "profiles.yml", folder)
    (folder / "models" / "quality").mkdir(parents=True)
    for name in ("ml_quarantine", "ml_quarantine_log"):
        shutil.copy(ROOT / "models" / "quality" / f"{name}.sql", folder / "models" / "quality")
    models = {"checked_orders": CHECKED, "good_orders": GOOD, "set_aside_orders": SET_ASIDE}
    for name, sql in (models | {"more_rows": MORE_ROWS, "no_rows": EMPTY}).items():
        (folder / "models" / f"{name}.sql").write_text(sql)
    no_row_lost = {
        "no_row_lost": {
            "arguments": {"good": "count(*)", "quarantine": "ref('set_aside_orders')", "source": "ref('orders')"}
        }
    }
    properties = {"version": 2, "models": [{"name": "good_orders", "data_tests": [no_row_lost]}]}
    (folder / "models" / "models.yml").write_text(yaml.safe_dump(properties))
    (folder / "seeds").mkdir()
    (folder / "seeds" / "customers.csv").write_text(
        "id\n" + "\n".join(str(number) for number in range(1, 21)) + "\n"
    )
    shop = Shop(Project(folder))
    shop.load(orders)
    return shop


@pytest.fixture(scope="module")
def built(unbuilt: Shop) -> Shop:
    unbuilt.project.dbt("build", clock=str(CLOCK))
    return unbuilt


@pytest.fixture
def shop(built: Shop, tmp_path: Path) -> Shop:
    return Shop(built.project.copy(tmp_path / "project"))


def test_every_check_finds_what_a_naive_loop_finds(built: Shop, orders: list[Row]):
    found = built.project.query(
        "select order_id, quarantine_reasons, quarantine_checks, warnings from checked_orders"
    )
    assert len(found) == len(orders)
    expectations = expected(orders)
    for order_id, reasons, checks, warnings in found:
        faults, warned = expectations[order_id]
        assert json.loads(reasons or "[]") == list(faults.values())
        assert json.loads(checks or "[]") == list(faults)
        assert json.loads(warnings or "[]") == warned
        assert "[]" not in (reasons, checks, warnings), "a good row has NULL"
    met = Counter(name for faults, _ in expectations.values() for name in faults)
    assert len(met) == 11 and min(met.values()) >= 2, met
    assert sum(len(faults) > 1 for faults, _ in expectations.values()) > 5


def test_checks_of_yaml_over_a_common_table_expression(built: Shop):
    found = built.project.query(
        "select part, number, quarantine_checks, quarantine_reasons from more_rows order by all"
    )
    assert [
        (part, number, checks and dict(zip(json.loads(checks), json.loads(reasons), strict=True)))
        for part, number, checks, reasons in found
    ] == MORE_EXPECTED
    assert built.project.query("select * from no_rows") == []


def test_good_and_quarantined_are_the_source_with_each_row_once(built: Shop, orders: list[Row]):
    expectations = expected(orders)
    good = [order_id for (order_id,) in built.project.query("select order_id from good_orders order by 1")]
    aside = [order_id for (order_id,) in built.project.query("select order_id from set_aside_orders order by 1")]
    assert good == [order_id for order_id, (faults, _) in expectations.items() if not faults]
    assert sorted(good + aside) == list(range(1, 301))
    warned = {order_id for order_id, (faults, words) in expectations.items() if words and not faults}
    assert warned and warned < set(good), "a warning does not set aside"
    values = built.project.query(f"select {', '.join(TYPES)} from checked_orders order by order_id")
    assert [dict(zip(TYPES, row, strict=True)) for row in values] == orders


def test_what_is_set_aside_is_shown_by_check_and_month(built: Shop, orders: list[Row]):
    counts: Counter[tuple[str, date | None]] = Counter()
    examples: dict[tuple[str, date | None], set[str]] = {}
    sizes: Counter[date | None] = Counter()
    expectations = expected(orders)
    for row in orders:
        month = row["ordered_on"] and row["ordered_on"].replace(day=1)
        sizes[month] += 1
        for name, words in expectations[row["order_id"]][0].items():
            counts[name, month] += 1
            examples.setdefault((name, month), set()).add(f"order_id = {row['order_id']}: {words}")
    shown = built.project.query(
        "select relation, check_name, period, row_count, source_rows, share, example from ml_quarantine"
    )
    assert {(name, month): count for _, name, month, count, *_ in shown} == counts
    assert any(month is None for _, _, month, *_ in shown)
    for relation, name, month, count, source_rows, share, example in shown:
        assert (relation, source_rows) == ("set_aside_orders", sizes[month])
        assert share == pytest.approx(count / sizes[month])
        assert example in examples[name, month]


def test_the_log_records_changes_and_corrected_rows_flow_back(shop: Shop, orders: list[Row]):
    manifest = shop.project.manifest()
    first = Counter(name for faults, _ in expected(orders).values() for name in faults)
    assert shop.log() == [(str(CLOCK), name, count, count) for name, count in sorted(first.items())]
    shop.project.dbt("build", clock="1998-07-01", data_tests=False, manifest=manifest)
    gone = first["not_in_future"]  # the clock is a day later
    assert shop.log()[len(first) :] == [("1998-07-01", "not_in_future", 0, -gone)]

    corrected = [row | {"code": "GB-1"} if row["code"] == "gb-1" else row for row in orders]
    assert corrected != orders
    shop.load(corrected)
    shop.project.dbt("build", clock="1998-07-02", manifest=manifest)
    still = Counter(name for faults, _ in expected(corrected).values() for name in faults)
    changes = {(name, count, change) for clock, name, count, change in shop.log() if clock == "1998-07-02"}
    fall = still["code_format"] - first["code_format"]
    assert ("code_format", still["code_format"], fall) in changes and fall < 0
    back = {row["order_id"] for row, old in zip(corrected, orders, strict=True) if row != old}
    good = {order_id for (order_id,) in shop.project.query("select order_id from good_orders")}
    assert back & good

    before = shop.log()
    shop.project.dbt("build", "--full-refresh", clock="1998-07-02", data_tests=False, manifest=manifest)
    assert shop.log() == before, "nothing changed"
    shop.load(orders)
    shop.project.dbt("build", clock="1998-06-30", data_tests=False, manifest=manifest)
    assert shop.log() == before, "the clock ran backwards"


def test_fail_stops_the_build_and_writes_nothing(shop: Shop):
    before = shop.everything()
    shop.project.edit(
        "models/checked_orders.sql", "'low': 1, 'high': 200}", "'low': 1, 'high': 200, 'action': 'fail'}"
    )
    shop.project.edit(
        "models/checked_orders.sql",
        "'not_missing': 'customer_id'}",
        "'not_missing': 'customer_id', 'action': 'fail'}",
    )
    shop.project.edit(
        "models/checked_orders.sql", "'order_by': 'order_id'}", "'order_by': 'order_id', 'action': 'fail'}"
    )
    said = shop.project.dbt("build", clock=str(CLOCK), succeeds=False)
    assert shop.everything() == before
    assert "checked_rows in checked_orders: rows of" in said
    (bounds,) = shop.project.query(
        "select count(*), min('order_id = ' || order_id || ': ') from orders where quantity not between 1 and 200"
    )
    assert f"quantity_bounds: {bounds[0]} rows, for example {bounds[1]}quantity" in said
    assert "customer_there: " in said and "loaded_once: " in said and "country_known" not in said
    assert "Fix: correct these rows at the source" in said


def test_all_wrong_arguments_are_told_at_once(unbuilt: Shop, tmp_path: Path):
    project = unbuilt.project.copy(tmp_path / "project")
    (project.folder / "models" / "wrong.sql").write_text("""
        {{ ml_ledger.checked_rows(source=ref('orders'), checks={
            'a': {'not_missing': 'x', 'within': 'x'},
            'b': {'within': 'x', 'hgih': 3},
            'c': {'within': 'x', 'low': 3, 'high': 1},
            'd': {'one_of': 'x', 'action': 'drop'},
            'e': {'matches': ['x', 'y'], 'pattern': 3},
            'f': {'not_duplicate': ['x']},
            'g': {'not_missing': 'x', 'action': 'fail'},
            'h': {'refers_to': ['x', 'y'], 'to': ref('customers'), 'to_columns': 'id'},
            'i': {'not_default': 'x', 'values': 'unknown'},
            'j': {'within': '', 'low': true},
            'k': 'x',
        }) }}
    """)
    said = project.dbt("parse", succeeds=False)
    assert "checked_rows: refused: 15 problems. Nothing was written." in said
    for problem in (
        "checks.a: must say one thing to check; got {'not_missing': 'x', 'within': 'x'}. Allowed: one of not_missing,",
        "checks.b.hgih: unknown key of within; got 3. Allowed: within, low, high, action, reason.",
        "checks.b: needs bounds; got neither low nor high.",
        "checks.c: low is above high, so no value would be good; got 3 and 1.",
        "checks.d.levels: is missing; one_of needs it.",
        'checks.d.action: has a value that is not allowed; got "drop". Allowed: warn, quarantine, fail.',
        'checks.e.matches: must be one column; got ["x", "y"].',
        "checks.e.pattern: must be a text; got 3.",
        "checks.f.order_by: is missing: it says which row is the first.",
        "checks.g.action: fail names an example, and needs a key; got none.",
        "checks.h.to_columns: must be as many as the columns that refer",
        "checks.i.values: must be a list of at least one value; got unknown.",
        "checks.j.within: must be the name of a column",
        "checks.j.low: must be a bound; got True.",
        "checks.k: must say one thing to check; got x.",
    ):
        assert problem in said


def test_columns_that_are_not_there_are_named(shop: Shop):
    shop.project.edit("models/checked_orders.sql", "'within': 'quantity'", "'within': 'quantities'")
    shop.project.edit("models/checked_orders.sql", "'to_columns': 'id'", "'to_columns': 'number'")
    said = shop.project.dbt("run", "--select", "checked_orders", clock=str(CLOCK), succeeds=False)
    assert (
        "checks.quantity_bounds.within: is no column of" in said
        and "got 'quantities'. Allowed: order_id, " in said
    )
    assert "checks.customer_known.to_columns: is no column of" in said and "got 'number'. Allowed: id." in said


def test_wrong_entries_of_the_quarantine_are_refused(shop: Shop):
    def declare(entries: Any) -> None:
        settings = PROJECT | {"vars": PROJECT["vars"] | {"ml_quarantined": entries}}
        (shop.project.folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))

    declare(
        {"set_aside_orders": {"key": ["order_id", 3], "timestamp": "ordered_on", "from": "checked_orders"}, "b": 1}
    )
    said = shop.project.dbt("parse", succeeds=False)
    for problem in (
        "ml_quarantined: refused: 4 problems.",
        "set_aside_orders.from: unknown key; got checked_orders. Allowed: key, timestamp, source, example.",
        "set_aside_orders.key: must be the column, or list of columns, that finds a row again; got ['order_id', 3].",
        "set_aside_orders.source: must be the model or seed with all rows",
        "b: must be a mapping; got 1.",
    ):
        assert problem in said
    declare({"orders": {"key": "order_id", "timestamp": "day", "source": "checked_orders"}})
    said = shop.project.dbt("run", "--select", "ml_quarantine", clock=str(CLOCK), succeeds=False)
    assert "orders: has no column quarantine_reasons; got order_id, customer_id" in said
    assert "orders.timestamp: is no column of" in said
    declare({})
    shop.project.dbt("run", "--select", "ml_quarantine", "ml_quarantine_log", clock="1998-07-31")
    assert shop.project.query("select count(*) from ml_quarantine") == [(0,)]
    assert "1998-07-31" not in {row[0] for row in shop.log()}, "what is not declared has not come back"
