"""Declared feature views: the catalogue, look-ups and joins, on planted rows, against a computation in Python."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Any

import pytest
import yaml
from conftest import ROOT, Project

CLOCK = datetime(1998, 6, 30)
LATER = timedelta(days=3)
ML_MODELS = {
    "buys": {"amount": {"kind": "numeric"}, "Level": {"kind": "categorical"}, "elsewhere": {"kind": "numeric"}},
    "stays": {"level": {"kind": "categorical"}, "is_open": {"kind": "categorical"}},
    "visits_again": {"amount": {"kind": "numeric"}},  # reads no feature view that has an amount
}
VERSIONS = [
    ("buys", 1, ["amount", "opened_on"]),
    ("buys", 2, ["amount", "level"]),
    ("stays", 1, ["is_open"]),
    ("visits_again", 1, ["amount", "pages"]),
]
DEPLOYMENTS = [
    ("buys", 1, "champion", "1998-01-01", "1998-05-01"),
    ("buys", 2, "champion", "1998-05-01", None),
    ("buys", 1, "shadow", "1998-07-01", None),
    ("stays", 1, "shadow", "1998-06-30", None),
]
BALANCES = {
    "entity": "customer_id",
    "timestamp": "booked_at",
    "known_at": "loaded_at",
    "tie_breaker": "line",
    "owner": "crm",
    "maximum_age_days": 90,
}
DECLARED = {
    "balances": BALANCES,
    "visits": {
        "entity": ["customer_id", "shop"],
        "timestamp": "seen_at",
        "features": ["pages"],
        "fresh_within_days": 2,
    },
    "nothing": {"entity": "customer_id", "timestamp": "on_day", "fresh_within_days": 1},
    "unlisted": {"entity": "customer_id", "timestamp": "on_day"},
}
BAD = {
    "without_timestamp": {"entity": "customer_id"},
    "without_entity": {"timestamp": "on_day", "entity": []},
    "wrong_columns": {
        "entity": "customer",
        "timestamp": "on_day",
        "known_at": "loaded",
        "features": ["number", "x"],
    },
    "mixed_zones": {"entity": "customer_id", "timestamp": "on_day", "known_at": "zoned_at"},
    "wrong_values": {
        "entity": "customer_id",
        "timestamp": "number",
        "owner": ["crm"],
        "fresh_within_days": -1,
        "expires": 1,
    },
    "no_mapping": "customer_id",
    "no_feature": {"entity": ["customer_id", "number", "zoned_at"], "timestamp": "on_day"},
}
ANY_ROWS = (
    "select 1 as customer_id, date '1998-06-01' as on_day, timestamptz '1998-06-01 00:00:00+00' as zoned_at,"
    " 1.5 as number"
)
SPINE = (
    "select * from (values (1, 1, date '1998-06-15'), (2, 2, date '1998-06-29')) as spine(id, customer_id, as_of)"
)
LEFT_OUT = "{'relation': ref('balances')}"
WRITTEN = (
    "{'relation': ref('a_copy'), 'entity': 'customer_id', 'timestamp': 'booked_at', 'known_at': 'loaded_at',"
    " 'tie_breaker': 'line', 'maximum_age_days': 90, 'columns': ['amount', 'level', 'is_open', 'opened_on']}"
)
OTHERWISE = (
    "{'relation': ref('balances'), 'known_at': none, 'tie_breaker': 'level', 'maximum_age_days': 7,"
    " 'columns': ['amount']}"
)
OTHERWISE_WRITTEN = (
    "{'relation': ref('a_copy'), 'entity': 'customer_id', 'timestamp': 'booked_at', 'known_at': none,"
    " 'tie_breaker': 'level', 'maximum_age_days': 7, 'columns': ['amount']}"
)


def join(view: str, spine: str = "ref('spine')", entity: str = "'customer_id'") -> str:
    return f"{{{{ ml_ledger.point_in_time_join({spine}, entity={entity}, as_of='as_of', views=[{view}]) }}}}"


def trailing(spine: str, events: str) -> str:
    return (
        f"{{{{ ml_ledger.trailing(ref('{spine}'), ref('{events}'), 'customer_id', 'as_of', 'on_day',"
        " {'n': {'aggregate': 'count'}, 'most': {'aggregate': 'max', 'column': 'number'}}, [30]) }}"
    )


MODELS = {
    "spine": SPINE,
    "spine_without_rows": SPINE + " where false",
    "spine_without_keys": SPINE + " union all select 3, null, date '1998-06-15' union all select 4, 1, null",
    "nothing": ANY_ROWS + " where false",
    "unlisted": ANY_ROWS,
    "events": ANY_ROWS,
    "a_copy": "select * from {{ ref('balances') }}",
    "joined": join(LEFT_OUT),
    "joined_as_written": join(WRITTEN),
    "joined_otherwise": join(OTHERWISE),
    "joined_otherwise_as_written": join(OTHERWISE_WRITTEN),
    "joined_with_nothing": join("{'relation': ref('nothing'), 'columns': ['number']}"),
    "joined_without_keys": join(
        "{'relation': ref('events'), 'timestamp': 'on_day', 'columns': ['number']}"
    ).replace("ref('spine')", "ref('spine_without_keys')"),
    "trailing_of_no_spine": trailing("spine_without_rows", "events"),
    "trailing_of_no_events": trailing("spine", "nothing"),
    "latest_visits": "{{ ml_ledger.latest_per_entity(ref('visits')) }}",
    "buys_training_set": "select * from {{ ref('joined') }}",
    "stays_training_set": "select * from {{ ref('balances') }}",
    "visits_again_training_set": "select * from {{ ref('visits') }}",
    **{f"bad/{name}": ANY_ROWS for name in BAD},
    "bad/undeclared": ANY_ROWS,
    "bad/join_of_undeclared": join("{'relation': ref('undeclared')}"),
    "bad/join_without_timestamp": join("{'relation': ref('without_timestamp')}"),
    "bad/join_of_other_zone": join("{'relation': ref('visits'), 'spine_entity': ['customer_id', 'id']}"),
    "bad/join_of_other_entity": join("{'relation': ref('visits'), 'columns': ['pages']}"),
    "bad/latest_of_undeclared": "{{ ml_ledger.latest_per_entity(ref('undeclared')) }}",
}


def literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str | date):
        return "'" + str(value).replace("'", "''") + "'"
    return json.dumps(value)


def rows_of(columns: dict[str, str], rows: list[tuple[Any, ...]]) -> str:
    """A select of rows, with a type per column."""
    typed = ", ".join(f"cast({name} as {type}) as {name}" for name, type in columns.items())
    values = ",\n".join(f"({', '.join(map(literal, row))})" for row in rows)
    return f"select {typed} from (values {values}) as planted({', '.join(columns)})"


def planted_balances() -> list[tuple[Any, ...]]:
    """customer_id, booked_at, loaded_at, line, amount, level, is_open, opened_on; some come late, tie, or are NULL."""
    random = Random(5)
    rows = []
    for line in range(400):
        booked_at = CLOCK + timedelta(
            days=random.choice([-200, -30, -3, -3, -1, 0, 1]), hours=random.choice([-2, 0])
        )
        rows.append(
            (
                random.choice([1, 2, 3, 4, 5, None]) if line else 6,
                booked_at if random.random() < 0.95 else None,
                booked_at + random.choice([timedelta(0), timedelta(0), LATER]) if random.random() < 0.95 else None,
                line // 2,
                random.choice([None, round(random.uniform(-9, 9), 3)]),
                random.choice([None, "low", "it's"]),
                random.choice([None, True, False, False]),
                random.choice([None, date(1997, 1, 1), date(1998, 1, 31)]),
            )
        )
    return rows


def planted_visits() -> list[tuple[Any, ...]]:
    """customer_id, shop, seen_at with a time zone, pages, loaded_by."""
    random, zone = Random(6), timezone(timedelta(hours=-5))
    return [
        (
            random.choice([1, 2, None]),
            random.choice(["a", "b", None]),
            # Half an hour past midnight in UTC is the evening before, in the zone that is written.
            (CLOCK + timedelta(days=random.choice([-9, -4, 0]), minutes=30)).replace(tzinfo=UTC).astimezone(zone),
            random.choice([None, 1, 2, 3]),
            "a loader",
        )
        for _ in range(60)
    ]


@dataclass(frozen=True)
class Built:
    project: Project
    output: str
    refused: str


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("feature_views")
    declarations = {name: {"task": "binary", "features": features} for name, features in ML_MODELS.items()}
    settings = {
        "name": "ml_ledger",
        "version": "0.1.0",
        "profile": "ml_ledger",
        "vars": {
            "ml_clock": str(CLOCK.date()),
            "ml_models": declarations,
            "ml_feature_views": ["balances", {"name": "visits"}, {"name": "nothing", "example": True}],
        },
        "models": {"+materialized": "table", "ml_ledger": {"catalogue": {"+group": "ml_ledger"}}},
    }
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    # The zone of the session must not matter.
    warehouse = {"type": "duckdb", "path": "warehouse.duckdb", "settings": {"TimeZone": "America/New_York"}}
    (folder / "profiles.yml").write_text(
        yaml.safe_dump({"ml_ledger": {"target": "here", "outputs": {"here": {**warehouse, "threads": 1}}}})
    )
    for name in ("macros", "models/catalogue", "tests/generic"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "models" / "_groups.yml", folder / "models")
    versions = [(name, version, json.dumps(features)) for name, version, features in VERSIONS]
    models = {
        **MODELS,
        "balances": rows_of(
            {
                "customer_id": "integer",
                "booked_at": "timestamp",
                "loaded_at": "timestamp",
                "line": "integer",
                "amount": "double",
                "level": "varchar",
                "is_open": "boolean",
                "opened_on": "date",
            },
            planted_balances(),
        ),
        "visits": rows_of(
            {
                "customer_id": "integer",
                "shop": "varchar",
                "seen_at": "timestamptz",
                "pages": "integer",
                "loaded_by": "varchar",
            },
            planted_visits(),
        ),
        "ml_versions": rows_of({"ml_model": "varchar", "version": "bigint", "features": "varchar"}, versions),
        "ml_deployments": rows_of(
            {
                "ml_model": "varchar",
                "version": "bigint",
                "slot": "varchar",
                "valid_from": "timestamp",
                "valid_to": "timestamp",
            },
            DEPLOYMENTS,
        ),
    }
    for name, sql in models.items():
        path = folder / "models" / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(sql)
    listed = [
        {
            "name": name,
            "config": {"meta": {"feature_view": declared}},
            "columns": [{"name": "amount", "description": "What it's worth.\n"}] if name == "balances" else [],
        }
        for name, declared in {**DECLARED, **BAD}.items()
    ]
    (folder / "models" / "declared.yml").write_text(yaml.safe_dump({"version": 2, "models": listed}))
    project = Project(folder)
    output = project.dbt("build", "--exclude", "path:models/bad")
    names = json.dumps({"ml_feature_views": ["balances", "undeclared", *BAD, 7, "balances"]})
    refused = project.dbt(
        "run", "--select", "path:models/bad", "ml_feature_statistics", "--vars", names, succeeds=False
    )
    return Built(project, output, refused)


def catalogue(built: Built, columns: str) -> list[tuple[Any, ...]]:
    return built.project.query(f"select feature_view, feature, {columns} from ml_features order by 1, 2")


def known_balances() -> list[tuple[Any, ...]]:
    return [row for row in planted_balances() if None not in row[:3] and row[1] <= CLOCK and row[2] <= CLOCK]


def known_visits() -> list[tuple[Any, ...]]:
    """Those seen at or before the clock, with the moment in UTC."""
    moved = [(*row[:2], row[2].astimezone(UTC).replace(tzinfo=None), *row[3:]) for row in planted_visits()]
    return [row for row in moved if None not in row[:3] and row[2] <= CLOCK]


def missing(values: list[Any]) -> float:
    return sum(value is None for value in values) / len(values)


def test_the_catalogue_measures_what_is_known_at_the_clock(built: Built):
    expected = []
    features = {
        "balances": (known_balances(), 1, {"amount": 4, "level": 5, "is_open": 6, "opened_on": 7}, 1),
        "visits": (known_visits(), 2, {"pages": 3}, 2),
    }
    for view, (rows, moment, columns, keys) in features.items():
        last = max(row[moment] for row in rows)
        for feature, position in columns.items():
            expected.append(
                (
                    view,
                    feature,
                    len({row[:keys] for row in rows}),
                    len(rows),
                    min(row[moment] for row in rows),
                    last,
                    (CLOCK.date() - last.date()).days,
                    missing([row[position] for row in rows]),
                    missing([row[position] for row in rows if row[moment] == last]),
                )
            )
    expected += [("nothing", name, 0, 0, None, None, None, None, None) for name in ("number", "zoned_at")]
    got = catalogue(
        built,
        "entities, row_count, first_timestamp, latest_timestamp, freshness_days, null_share, null_share_latest",
    )
    assert got == sorted(expected)
    assert 0 < expected[0][7] < 1
    assert len(known_balances()) < sum(row[1] is not None and row[1] <= CLOCK for row in planted_balances())


def test_the_catalogue_says_what_is_declared(built: Built):
    assert catalogue(built, "entity, kind, data_type, owner, description, fresh_within_days, stale") == [
        ("balances", "amount", "customer_id", "numeric", "double", "crm", "What it's worth.", None, False),
        ("balances", "is_open", "customer_id", "categorical", "boolean", "crm", None, None, False),
        ("balances", "level", "customer_id", "categorical", "varchar", "crm", None, None, False),
        ("balances", "opened_on", "customer_id", "date", "date", "crm", None, None, False),
        ("nothing", "number", "customer_id", "numeric", "decimal(2,1)", None, None, 1, True),
        ("nothing", "zoned_at", "customer_id", "date", "timestamp with time zone", None, None, 1, True),
        ("visits", "pages", "customer_id, shop", "numeric", "integer", None, None, 2, True),
    ]
    assert "Got 3 results, configured to warn" in built.output, "stale feature views are a warning"


def test_the_catalogue_says_who_uses_a_feature(built: Built):
    used = catalogue(built, "used_by_ml_models, used_by_versions, live_versions")
    assert [(feature, *map(json.loads, lists)) for _, feature, *lists in used] == [
        (
            "amount",
            ["buys"],
            [{"ml_model": "buys", "version": 1}, {"ml_model": "buys", "version": 2}],
            [{"ml_model": "buys", "version": 2, "slot": "champion"}],
        ),
        (
            "is_open",
            ["stays"],
            [{"ml_model": "stays", "version": 1}],
            [{"ml_model": "stays", "version": 1, "slot": "shadow"}],
        ),
        (
            "level",
            ["buys", "stays"],
            [{"ml_model": "buys", "version": 2}],
            [{"ml_model": "buys", "version": 2, "slot": "champion"}],
        ),
        ("opened_on", [], [{"ml_model": "buys", "version": 1}], []),
        ("number", [], [], []),
        ("zoned_at", [], [], []),
        ("pages", [], [{"ml_model": "visits_again", "version": 1}], []),
    ]


def test_the_latest_rows_are_those_known_at_the_clock(built: Built):
    def nulls_first(value: Any) -> tuple[bool, Any]:
        return (value is not None, 0 if value is None else value)

    balances: dict[int, list[tuple]] = defaultdict(list)
    for row in known_balances():
        balances[row[0]].append(row)
    visits: dict[tuple, list[tuple]] = defaultdict(list)
    for row in known_visits():
        visits[row[:2]].append(row)
    expected, latest_visits = [], []
    for customer, rows in balances.items():
        row = max(rows, key=lambda row: (row[1], row[2], row[3], *map(nulls_first, row[4:])))
        features = dict(zip(("amount", "level", "is_open", "opened_on"), row[4:], strict=True))
        features["opened_on"] = str(row[7]) if row[7] else None
        expected.append(("balances", "customer_id", str(customer), row[1], features))
    for (customer, shop), rows in visits.items():
        row = max(rows, key=lambda row: (row[2], nulls_first(row[3])))
        latest_visits.append((customer, shop, row[2], row[3]))
        entity_id = json.dumps({"customer_id": customer, "shop": shop}, separators=(",", ":"))
        expected.append(("visits", "customer_id, shop", entity_id, row[2], {"pages": row[3]}))
    got = built.project.query("select * from ml_features_current order by feature_view, entity_id")
    assert [(*row[:4], json.loads(row[4])) for row in got] == sorted(expected, key=lambda row: (row[0], row[2]))
    assert built.project.query(
        "select customer_id, shop, seen_at at time zone 'UTC', pages from latest_visits order by all"
    ) == sorted(latest_visits)


def compiled(built: Built, model: str) -> str:
    path = built.project.folder / "target" / "compiled" / "ml_ledger" / "models" / f"{model}.sql"
    return path.read_text(encoding="utf-8")


def test_a_join_takes_what_it_is_not_told_from_the_declaration(built: Built):
    assert "balances" in compiled(built, "joined")
    for name in ("joined", "joined_otherwise"):
        written = compiled(built, f"{name}_as_written")
        assert compiled(built, name) == written.replace('"a_copy"', '"balances"')


@pytest.mark.parametrize(
    ("relation", "rows", "warning"),
    [
        ("joined_with_nothing", [(1, None), (2, None)], 'nothing") has no row; what is computed from it is empty'),
        (
            "joined_without_keys",
            [(1, 1.5), (2, None), (3, None), (4, None)],
            'spine_without_keys"): 2 of 4 rows have NULL in customer_id or as_of; their features are NULL. Fix:',
        ),
        ("trailing_of_no_spine", [], 'trailing: spine ("warehouse"."main"."spine_without_rows") has no row;'),
        ("trailing_of_no_events", [(1, 0), (2, 0)], 'trailing: events ("warehouse"."main"."nothing") has no row;'),
    ],
)
def test_input_without_rows_or_keys_is_a_warning(built: Built, relation: str, rows: list[tuple], warning: str):
    value = "n_30d" if relation.startswith("trailing") else "number"
    assert built.project.query(f"select id, cast({value} as double) from {relation} order by id") == rows
    assert warning in built.output.replace("\n", " ")


def test_a_declaration_that_is_not_listed_is_a_warning(built: Built):
    warning = "feature view unlisted: its properties declare it, but vars.ml_feature_views does not name it"
    assert built.output.count(warning) == 1
    assert "feature view balances: its" not in built.output


@pytest.mark.parametrize(
    "problem",
    [
        "vars.ml_feature_views[9]: must be the name of a dbt model, or a mapping with it as name; got 7. Fix:",
        "vars.ml_feature_views: names balances twice. Fix: remove one.",
        "feature view undeclared: vars.ml_feature_views names it, but its properties do not declare it; got no",
        "feature view without_timestamp (models/declared.yml): timestamp: must be the name of a column; got nothing.",
        "feature view without_entity (models/declared.yml): entity: must name the column, or list the columns,",
        "feature view wrong_columns (models/declared.yml): known_at: is no column of",
        "feature view wrong_columns (models/declared.yml): entity: is no column of",
        "feature view wrong_columns (models/declared.yml): features[1]: is no column of",
        "time zones are mixed: comparing them would depend on the zone of the session; got feature view mixed_zones",
        "feature view wrong_values (models/declared.yml): timestamp: must be a date or a timestamp; got 'number'",
        'feature view wrong_values (models/declared.yml): owner: must be a text; got ["crm"]. Fix: owner: crm.',
        "feature view wrong_values (models/declared.yml): fresh_within_days: must be a whole number of days,",
        "feature view wrong_values (models/declared.yml): expires: unknown key; got 1. Allowed: entity, timestamp,",
        "feature view no_mapping (models/declared.yml): config.meta.feature_view must be a mapping; got",
        "feature view no_feature (models/declared.yml): has no column beside its keys; got customer_id, on_day,",
        'views[0].timestamp: is missing, and "warehouse"."main"."undeclared" is no declared feature view. Fix:',
        "views[0]: feature view without_timestamp (models/declared.yml): timestamp: must be the name of a column;",
        "time zones are mixed: comparing them would depend on the zone of the session; got views[0].timestamp",
        'views[0].spine_entity: is no column of "warehouse"."main"."spine"; got \'shop\'.',
        "latest_per_entity: refused: 1 problem. Nothing was written.",
    ],
)
def test_bad_declarations_are_refused(built: Built, problem: str):
    assert problem in built.refused


def test_all_problems_are_one_error_and_nothing_is_written(built: Built):
    assert "feature views: refused: 15 problems. Nothing was written." in built.refused
    assert built.project.query("select count(distinct feature_view) from ml_feature_statistics") == [(3,)]
