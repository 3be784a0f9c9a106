"""point_in_time_join and trailing, against a computation row by row in Python."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from feature_project import compiled, create_tables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from package_project import relation

BERLIN = ZoneInfo("Europe/Berlin")
SAME_SUM = 1e-12  # relative; sums of doubles in another order
Row = tuple[Any, ...]

JOIN = """{{{{ ml_ledger.point_in_time_join(
    spine={spine}, entity='entity', as_of='as_of',
    views=[
        {{'relation': {events}, 'timestamp': 'happened_at', 'columns': ['number', 'kind'], 'tie_breaker': 'amount'}},
        {{'relation': {events}, 'timestamp': 'happened_at', 'known_at': 'known_at', 'columns': ['number', 'kind'],
          'prefix': 'known_', 'maximum_age_days': 2}},
    ],
) }}}}"""
TRAILING = """{{{{ ml_ledger.trailing(
    spine={spine}, events={events}, entity='entity', as_of='as_of', timestamp='happened_at',
    aggregates={{
        'rows': {{'aggregate': 'count'}},
        'kinds': {{'aggregate': 'count', 'column': 'kind'}},
        'amount': {{'aggregate': 'sum', 'column': 'amount'}},
        'mean_amount': {{'aggregate': 'mean', 'column': 'amount'}},
        'ratio': {{'aggregate': 'sum', 'column': 'ratio'}},
        'mean_ratio': {{'aggregate': 'mean', 'column': 'ratio'}},
        'least': {{'aggregate': 'min', 'column': 'number'}},
        'most': {{'aggregate': 'max', 'column': 'number'}},
        'different': {{'aggregate': 'count_distinct', 'column': 'kind'}},
        'last': {{'aggregate': 'days_since_last'}},
        'first': {{'aggregate': 'days_since_first'}},
    }},
    windows=[1, 3, none], {options}
) }}}}"""
# Aggregates that DuckDB finds by an as-of join.
EXACT = re.sub(r"\n *'(ratio|mean_ratio|least|most)': .*", "", TRAILING)
ALONE = """{{{{ ml_ledger.trailing(
    spine=source('main', 'plain_spine'), events=source('main', 'plain_events'), entity='entity', as_of='as_of',
    timestamp='happened_at', aggregates={{'x': {aggregate}}}, windows=[2]
) }}}}"""
NO_RELATION = """select * from ({{ ml_ledger.trailing(
    spine='plain_spine', events='plain_events', entity='entity', as_of='as_of', timestamp='happened_at',
    aggregates={'x': {'aggregate': 'sum', 'column': 'number'}}, windows=[2]
) }})"""
KINDS = ("plain", "dated", "zoned", "berlin")


def relations(kind: str) -> dict[str, str]:
    return {
        "spine": relation(f"{kind}_spine"),
        "events": relation(f"{'plain' if kind == 'dated' else kind}_events"),
    }


# Rows of an entity that is two columns, which the events name otherwise.
PAIRED_JOIN = (
    JOIN.format(**relations("paired"))
    .replace("entity='entity'", "entity=['entity', 'shop']")
    .replace("{'relation'", "{'entity': ['entity', 'store'], 'relation'")
)
AGGREGATES_ALONE = {
    "count": "{'aggregate': 'count'}",
    "sum": "{'aggregate': 'sum', 'column': 'number'}",
    "min": "{'aggregate': 'min', 'column': 'number'}",
    "count_distinct": "{'aggregate': 'count_distinct', 'column': 'kind'}",
    "days_since_last": "{'aggregate': 'days_since_last'}",
}
MODELS = {
    **{f"join_{kind}": JOIN.format(**relations(kind)) for kind in KINDS},
    **{f"join_{kind}_portable": JOIN.format(**relations(kind)) for kind in KINDS},
    **{f"trailing_{kind}": TRAILING.format(**relations(kind), options="") for kind in KINDS},
    **{
        f"trailing_{kind}_before": TRAILING.format(**relations(kind), options="strictly_before=true")
        for kind in KINDS
    },
    **{f"join_paired{suffix}": PAIRED_JOIN for suffix in ("", "_portable")},
    **{
        f"trailing_paired{name}": text.format(
            **relations("paired"), options="events_entity=['entity', 'store']"
        ).replace("entity='entity'", "entity=['entity', 'shop']")
        for name, text in {"": TRAILING, "_exact": EXACT}.items()
    },
    **{
        f"trailing_{kind}{before}_exact": EXACT.format(**relations(kind), options=options)
        for kind in KINDS
        for before, options in {"": "", "_before": "strictly_before=true"}.items()
    },
    "trailing_plain_exact_portable": EXACT.format(**relations("plain"), options=""),
    "trailing_plain_known_exact": EXACT.format(**relations("plain"), options="known_at='known_at'"),
    "trailing_plain_known": TRAILING.format(**relations("plain"), options="known_at='known_at'"),
    **{f"alone_{name}": ALONE.format(aggregate=text) for name, text in AGGREGATES_ALONE.items()},
    "alone_sum_of_unknown_type": NO_RELATION,
}
VIEW = "{'relation': source('main', 'plain_events'), 'timestamp': 'happened_at', 'columns': ['number']"
PROBLEMS = {
    "no_timestamp": (
        "point_in_time_problems(source('main', 'plain_spine'), 'entity', 'as_of',"
        " [{'relation': source('main', 'plain_events'), 'columns': ['number']}])",
        [
            'views[0].timestamp: is missing, and "warehouse"."main"."plain_events" is no declared feature view. Fix:'
            " name it here, 'timestamp': '...', or declare the feature view once"
        ],
    ),
    "timestamp_of_none": (
        "point_in_time_problems(source('main', 'plain_spine'), 'entity', 'as_of',"
        " [{'relation': source('main', 'plain_events'), 'timestamp': none, 'columns': ['number']}])",
        ["views[0].timestamp: must be the name of a column; got nothing. Fix: 'timestamp': '...'."],
    ),
    "no_entity": (
        f"point_in_time_problems(source('main', 'plain_spine'), none, 'as_of', [{VIEW}}}])",
        ["entity: must be the name of a column; got nothing. Fix: 'entity': '...'."],
    ),
    "unequal_entities": (
        f"point_in_time_problems(source('main', 'plain_spine'), ['entity', 'id'], 'as_of',"
        f" [{VIEW}, 'entity': 'entity'}}, {VIEW}, 'entity': ['entity', 'shop'], 'prefix': 'x_'}}])",
        [
            'views[0].entity: must name as many columns as views[0].spine_entity, in the same order; got ["entity"]'
            ' against ["entity", "id"]. Fix: name the columns that go together.',
            'views[1].entity[1]: is no column of "warehouse"."main"."plain_events"; got \'shop\'.',
        ],
    ),
    "unequal_entities_trailing": (
        "trailing_problems(source('main', 'plain_spine'), source('main', 'plain_events'), ['entity', ''], 'as_of',"
        " 'happened_at', {'n': {'aggregate': 'count'}}, [30], none, 'entity')",
        [
            "entity[1]: must be the name of a column; got nothing.",
            'events_entity: must name as many columns as entity, in the same order; got "entity" against ["entity",',
            'entity[1]: is no column of "warehouse"."main"."plain_spine"; got \'\'.',
        ],
    ),
    "empty_columns": (
        "point_in_time_problems(source('main', 'plain_spine'), 'entity', 'as_of',"
        " [{'relation': source('main', 'plain_events'), 'timestamp': 'happened_at', 'columns': []}])",
        ["views[0].columns: must be a list of at least one column to take; got []. Fix: 'columns': ['...']."],
    ),
    "no_views": (
        "point_in_time_problems(source('main', 'plain_spine'), 'entity', 'as_of', [])",
        ["views: must be a list of at least one mapping; got []. Fix: views="],
    ),
    "names_twice": (
        f"point_in_time_problems(source('main', 'plain_spine'), 'entity', 'as_of', [{VIEW}}}, {VIEW}}}])",
        ["views[1].columns: the name 'number' is taken by views[0]. Fix: give the view a prefix."],
    ),
    "unknown_key": (
        f"point_in_time_problems(source('main', 'plain_spine'), 'entity', 'as_of', [{VIEW}, 'max_age': 3}}])",
        ["views[0].max_age: unknown key; got 3. Allowed: relation, timestamp, columns,"],
    ),
    "age_and_column": (
        f"point_in_time_problems(source('main', 'plain_spine'), 'entity', 'at', [{VIEW}, 'maximum_age_days': -1}}])",
        [
            'as_of: is no column of "warehouse"."main"."plain_spine"; got \'at\'. Allowed: id, entity, as_of.',
            "views[0].maximum_age_days: must be a whole number of days, 0 or more; got -1.",
        ],
    ),
    "mixed_zones": (
        f"point_in_time_problems(source('main', 'zoned_spine'), 'entity', 'as_of', [{VIEW}}}])",
        [
            "time zones are mixed: comparing them would depend on the zone of the session; got as_of 'as_of' is"
            " timestamp with time zone; and views[0].timestamp 'happened_at' is timestamp."
        ],
    ),
    "no_moment": (
        "trailing_problems(source('main', 'plain_spine'), source('main', 'plain_events'), 'entity', 'as_of', 'kind',"
        " {'n': {'aggregate': 'count'}}, [30], none, 'entity')",
        ["timestamp: must be a date or a timestamp; got 'kind', which is varchar. Fix: cast it"],
    ),
    "aggregates": (
        "trailing_problems(source('main', 'plain_spine'), source('main', 'plain_events'), 'entity', 'as_of',"
        " 'happened_at', {'a': {'aggregate': 'median', 'column': 'number'}, 'b': {'aggregate': 'sum'},"
        " 'c': {'aggregate': 'max', 'column': 'size'}, 'd': 'count'}, [30, 0, 30], none, 'entity')",
        [
            "aggregates.a.aggregate: is not a known aggregate; got median. Allowed: count, sum, mean, min, max,",
            "aggregates.b.column: must be the name of a column to take the sum of; got nothing.",
            'aggregates.c.column: is no column of "warehouse"."main"."plain_events"; got \'size\'. Allowed: entity,',
            "aggregates.d.aggregate: is not a known aggregate; got count.",
            "windows: has one that is no window; got 0. Allowed: whole numbers of days above 0, and none",
            "windows: names a window twice; got 30, 0, 30. Fix: remove one.",
        ],
    ),
    "mixed_zones_trailing": (
        "trailing_problems(source('main', 'plain_spine'), source('main', 'zoned_events'), 'entity', 'as_of',"
        " 'happened_at', {'n': {'aggregate': 'count'}}, [30], none, 'entity')",
        [
            "time zones are mixed: comparing them would depend on the zone of the session; got timestamp 'happened_at'"
        ],
    ),
}


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    problems = {f"problems_{name}": f"{{{{ ml_ledger.{call} | tojson }}}}" for name, (call, _) in PROBLEMS.items()}
    return compiled(tmp_path_factory.mktemp("features"), {**MODELS, **problems})


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set threads = 1; set timezone = 'America/New_York'")
        create_tables(connection)
        yield connection


# Hours on both sides of both changes of the clock in Berlin, as UTC; few, so that moments are often the same.
CHANGES = (datetime(1997, 10, 26, 1), datetime(1998, 3, 29, 1))


def a_moment(random: Random) -> datetime:
    if random.random() < 0.5:
        return random.choice(CHANGES) + timedelta(hours=random.randint(-3, 3))
    return CHANGES[0] + timedelta(days=random.randint(-3, 4), microseconds=random.randint(-1, 1))


def an_entity(random: Random) -> int | None:
    return random.choice([1, 1, 1, 1, 2, None])


def an_event(random: Random) -> Row:
    """Some happened at an unknown moment; some became known later, before or never."""
    at = a_moment(random) if random.random() < 0.9 else None
    hours = random.choice([0, 1, 2, 30, 100, -1, None])
    return (
        an_entity(random),
        at,
        None if at is None or hours is None else at + timedelta(hours=hours),
        random.choice([None, *range(-3, 4)]),
        random.choice([None, Decimal(random.randint(-999, 999)) / 100]),
        random.choice([None, random.uniform(-1e6, 1e6)]),
        random.choice(["a", "b", "c", None]),
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """A spine and events. Drawn by a seed: rows that hypothesis draws one by one are few, and rarely meet."""
    random = Random(draw(st.integers(0, 2**32)))
    spine_rows, event_rows = draw(st.sampled_from([20, 20, 1, 0])), draw(st.sampled_from([40, 12, 40, 1, 0]))
    spine = [(an_entity(random), a_moment(random) if random.random() < 0.9 else None) for _ in range(spine_rows)]
    return spine, [an_event(random) for _ in range(event_rows)]


def literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime | str):
        return f"'{value}'"
    return f"{value!r}::double" if isinstance(value, float) else str(value)


def fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    connection.execute(f"delete from {table}")
    if rows:
        values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
        connection.execute(f"insert into {table} values {values}")


def as_kind(kind: str, moment: datetime | None, *, of_spine: bool) -> datetime | None:
    """A moment as the relations of this kind show it."""
    if moment is None:
        return None
    if kind == "berlin":
        return moment.replace(tzinfo=UTC).astimezone(BERLIN).replace(tzinfo=None)
    return datetime.combine(moment.date(), time()) if kind == "dated" and of_spine else moment


def filled(
    connection: duckdb.DuckDBPyConnection, kind: str, spine: list[Row], events: list[Row]
) -> tuple[list, list]:
    """Fill the tables that a kind reads; returns the rows as it shows them."""
    numbered = [(number, *row) for number, row in enumerate(spine)]
    zoned = kind in ("zoned", "berlin")

    def written(moment: datetime | None) -> str | None:
        return f"{moment}+00" if zoned and moment else moment

    fill(connection, f"{'zoned' if zoned else kind}_spine", [(i, e, written(at)) for i, e, at in numbered])
    fill(
        connection,
        "zoned_events" if zoned else "plain_events",
        [(e, written(at), written(known), *rest) for e, at, known, *rest in events],
    )
    return (
        [(i, e, as_kind(kind, at, of_spine=True)) for i, e, at in numbered],
        [
            (e, as_kind(kind, at, of_spine=False), as_kind(kind, known, of_spine=False), *rest)
            for e, at, known, *rest in events
        ],
    )


def last_first(value: Any) -> tuple[bool, Any]:
    """Order in which NULL comes before everything."""
    return (value is not None, 0 if value is None else value)


def joined(spine: list[Row], events: list[Row]) -> list[Row]:
    result = []
    for number, entity, as_of in spine:
        latest: tuple = (None, None)
        latest_known: tuple = (None, None)
        if entity is not None and as_of is not None:
            seen = [row for row in events if row[0] == entity and row[1] is not None and row[1] <= as_of]
            if seen:
                row = max(seen, key=lambda row: (row[1], *(last_first(row[i]) for i in (4, 3, 6))))
                latest = (row[3], row[6])
            known = [row for row in seen if row[2] is not None and row[2] <= as_of]
            if known:
                row = max(known, key=lambda row: (row[1], row[2], last_first(row[3]), last_first(row[6])))
                if as_of - row[1] <= timedelta(days=2):
                    latest_known = (row[3], row[6])
        result.append((number, *latest, *latest_known))
    return result


def aggregated(spine: list[Row], events: list[Row], *, before: bool, known: bool = False) -> list[Row]:
    result = []
    for number, entity, as_of in spine:
        if entity is None or as_of is None:
            result.append((number, *[None] * 29))
            continue
        own = []
        for of, at, known_at, *values in events:
            if of != entity or at is None or (known and known_at is None):
                continue
            moment = max(at, known_at) if known else at
            if moment < as_of or (moment == as_of and not before):
                own.append((moment, *values))
        by_window: list[list] = [[] for _ in range(9)]
        for days in (1, 3, None):
            start = datetime.min if days is None else as_of - timedelta(days=days)
            window = [row for row in own if row[0] > start or (before and row[0] == start)]
            numbers, amounts, ratios, kinds = (
                [row[i] for row in window if row[i] is not None] for i in range(1, 5)
            )
            for values, value in zip(
                by_window,
                (
                    len(window),
                    len(kinds),
                    sum(amounts, Decimal(0)),
                    float(sum(amounts)) / len(amounts) if amounts else None,
                    math.fsum(ratios),
                    math.fsum(ratios) / len(ratios) if ratios else None,
                    min(numbers, default=None),
                    max(numbers, default=None),
                    len(set(kinds)),
                ),
                strict=True,
            ):
                values.append(value)
        since = [(as_of - moment).days for moment, *_ in own]
        result.append(
            (
                number,
                *(v for values in by_window for v in values),
                min(since, default=None),
                max(since, default=None),
            )
        )
    return result


def assert_same(got: list[Row], expected: list[Row], scale: float = 1.0) -> None:
    assert len(got) == len(expected)
    for got_row, expected_row in zip(got, expected, strict=True):
        for got_value, value in zip(got_row, expected_row, strict=True):
            if isinstance(value, float):
                assert got_value == pytest.approx(value, rel=SAME_SUM, abs=SAME_SUM * scale)
            else:
                assert got_value == value, (got_row, expected_row)


EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("kind", KINDS)
@EXAMPLES
@given(rows=tables())
def test_a_join_takes_what_was_known(kind, sql, connection, rows):
    spine, events = filled(connection, kind, *rows)
    columns = "id, number, kind, known_number, known_kind"
    for model in (f"join_{kind}", f"join_{kind}_portable"):
        got = connection.execute(f"select {columns} from ({sql[model]}) order by id").fetchall()
        assert got == joined(spine, events), model


@pytest.mark.parametrize("kind", KINDS)
@EXAMPLES
@given(rows=tables())
def test_trailing_windows(kind, sql, connection, rows):
    spine, events = filled(connection, kind, *rows)
    scale = 1 + sum(abs(row[5] or 0) for row in events)
    runs = {f"trailing_{kind}": {"before": False}, f"trailing_{kind}_before": {"before": True}}
    if kind == "plain":
        runs["trailing_plain_known"] = {"before": False, "known": True}
    for model, options in runs.items():
        columns, got = features(connection, sql[model])
        expected = aggregated(spine, events, **options)
        assert_same(got, expected, scale)
        for exact in {f"{model}_exact", f"{model}_exact_portable"} & sql.keys():
            some, got = features(connection, sql[exact])
            kept = [columns.index(name) for name in some]
            assert_same(got, [tuple(row[i] for i in kept) for row in expected], scale)


def features(connection: duckdb.DuckDBPyConnection, select: str) -> tuple[list[str], list[Row]]:
    """The columns of features, and their rows by id."""
    rows = connection.execute(f"select * exclude (entity, as_of) from ({select}) order by id").fetchall()
    return [name for name, *_ in connection.description or []], rows


def paired(rows: list[Row], *, entity: int, other: int) -> list[Row]:
    """The rows, about a pair of the entity and whether another number is odd."""
    keys = [None if None in (row[entity], row[other]) else (row[entity], abs(row[other]) % 2) for row in rows]
    return [(*row[:entity], key, *row[entity + 1 :]) for row, key in zip(rows, keys, strict=True)]


@EXAMPLES
@given(rows=tables())
def test_an_entity_of_two_columns(sql, connection, rows):
    spine, events = filled(connection, "plain", *rows)
    spine, events = paired(spine, entity=1, other=0), paired(events, entity=0, other=3)
    columns = "id, number, kind, known_number, known_kind"
    for model in ("join_paired", "join_paired_portable"):
        got = connection.execute(f"select {columns} from ({sql[model]}) order by id").fetchall()
        assert got == joined(spine, events), model
    expected = aggregated(spine, events, before=False)
    columns, got = features(connection, f"select * exclude (shop) from ({sql['trailing_paired']})")
    assert_same(got, expected, 1 + sum(abs(row[5] or 0) for row in events))
    some, got = features(connection, f"select * exclude (shop) from ({sql['trailing_paired_exact']})")
    assert_same(got, [tuple(row[columns.index(name)] for name in some) for row in expected])


def test_a_late_row_is_not_seen_before_it_arrived(sql, connection):
    noon, hour = datetime(1998, 1, 1, 12), timedelta(hours=1)
    early, late = (1, noon - 2 * hour, noon - 2 * hour, 1), (1, noon - hour, noon + hour, 2)
    fill(connection, "plain_spine", [(0, 1, noon), (1, 1, noon + hour)])
    fill(connection, "plain_events", [(*row, None, None, None) for row in (early, late)])
    for model in ("join_plain", "join_plain_portable"):
        query = f"select number, known_number from ({sql[model]}) order by id"
        assert connection.execute(query).fetchall() == [(2, 1), (2, 2)], model


def test_a_value_that_is_not_finite_spoils_no_later_window(sql, connection):
    first, later = datetime(1998, 1, 1), datetime(1998, 2, 1)
    for value in ("'nan'::double", "'inf'::double", "1e300"):
        fill(connection, "plain_spine", [(0, 1, later)])
        fill(connection, "plain_events", [])
        connection.execute(
            f"insert into plain_events values (1, '{first}', null, 1, 1, {value}, 'a'),"
            f" (1, '{later}', null, 1, 1, 0.5, 'a')"
        )
        query = f"select ratio_3d, mean_ratio_3d from ({sql['trailing_plain']})"
        assert connection.execute(query).fetchall() == [(0.5, 0.5)]


def test_each_aggregate_works_alone(sql, connection):
    at = datetime(1998, 1, 1)
    fill(connection, "plain_spine", [(0, 1, at)])
    fill(connection, "plain_events", [(1, at - timedelta(days=1), None, 5, None, None, "a")] * 2)
    got = {name: connection.execute(sql[name]).fetchall()[0][3] for name in MODELS if name.startswith("alone_")}
    assert got == {
        "alone_count": 2,
        "alone_sum": 10,
        "alone_sum_of_unknown_type": 10,
        "alone_min": 5,
        "alone_count_distinct": 1,
        "alone_days_since_last": 1,
    }


def test_columns_of_the_spine_come_first_and_types_stay(sql, connection):
    described = connection.execute(f"describe {sql['trailing_dated']}").fetchall()
    types = {name: type for name, type, *_ in described}
    assert list(types)[:4] == ["id", "entity", "as_of", "rows_1d"]
    assert types["as_of"] == "DATE"
    assert types["rows_lifetime"] == types["different_3d"] == types["last"] == "BIGINT"
    assert types["amount_3d"] == "DECIMAL(38,2)"
    assert types["mean_amount_3d"] == "DOUBLE"


def test_joins_differ_between_engines_only_in_how_they_search(sql):
    assert "asof inner join" in sql["join_plain"]
    assert "asof" not in sql["join_plain_portable"]
    assert "asof left join" in sql["trailing_plain_exact"]
    assert "asof" not in sql["trailing_plain_exact_portable"]


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_say_what_is_wrong(name, sql):
    problems = json.loads(sql[f"problems_{name}"])
    expected = PROBLEMS[name][1]
    assert len(problems) == len(expected), problems
    for problem, beginning in zip(sorted(problems), sorted(expected), strict=True):
        assert problem.startswith(beginning), problem


def test_a_date_counts_as_its_midnight(sql, connection):
    fill(connection, "dated_spine", [])
    connection.execute(f"insert into dated_spine values (0, 1, '{date(1998, 1, 2)}')")
    fill(connection, "plain_events", [(1, datetime(1998, 1, 2, 0, 0, 1), None, 1, 1, 1.0, "a")])
    assert connection.execute(f"select rows_lifetime from ({sql['trailing_dated']})").fetchall() == [(0,)]
