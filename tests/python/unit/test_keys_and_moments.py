"""Keys, moments and labels of every type: what the macros refuse, and what they do with labels that never come."""

import json
from collections.abc import Iterator

import duckdb
import package_project
import pytest
from package_project import relation

DECLARATION = {"task": "binary", "entity": "id", "as_of": "month", "label": "y", "features": {"x": {}}}
ML_MODELS = {
    "m": DECLARATION,
    "cancelling": DECLARATION | {"never": "cancelled", "evaluation": {"holdout_as_of_dates": 1}},
    "classes": DECLARATION | {"task": "multiclass", "classes": ["1", "2"]},
}
FEATURES = {
    name: f"id {id_type}, month {month}, x double"
    for name, (id_type, month) in {
        "f_integer": ("integer", "date"),
        "f_bigint": ("bigint", "timestamp"),
        "f_decimal_0": ("decimal(18, 0)", "date"),
        "f_decimal_1": ("decimal(18, 1)", "date"),
        "f_double": ("double", "date"),
        "f_boolean": ("boolean", "date"),
        "f_text": ("varchar", "date"),
        "f_enum": ("enum('17', '18')", "date"),
        "f_uuid": ("uuid", "date"),
        "f_date": ("date", "date"),
        "f_zoned_key": ("timestamptz", "date"),
        "f_zoned": ("integer", "timestamptz"),
        "f_text_month": ("integer", "varchar"),
    }.items()
}
LABELS = {
    "l_integer": "id integer, month date, y integer, matured_at timestamp",
    "l_text": "id varchar, month date, y integer, matured_at timestamp",
    "l_no_matured_at": "id integer, month date, y integer",
    "l_nothing": "kunde integer",
    "l_zoned": "id integer, month timestamptz, y integer, matured_at timestamptz",
    "l_decimal": "id integer, month date, y decimal(4, 2), matured_at timestamp",
    "l_cancelled": "id integer, month date, y integer, matured_at timestamp, cancelled boolean",
    "l_cancelled_number": "id integer, month date, y integer, matured_at timestamp, cancelled integer",
    "predictions": "decision_id varchar, ml_model varchar, entity_id varchar, as_of timestamp, slot varchar,"
    " share double, version bigint, decided_at timestamp, score double, predicted varchar, decision varchar,"
    " decision_source varchar",
}
SPELLINGS = {
    "padded": ["000017", "000018", "000019"],
    "plain": ["17", "18", "20"],
    "pointed": ["17.0", "18.0"],
    "mixed": ["000017", "18"],
    "words": ["a17", "a018"],
    "zeros": ["0", "00"],
}
KEYS = "entity: keys that are joined must be of one kind; got: "
NO_KEY = (
    "entity: a key must be a text, a whole number, a date or a UUID, which have one text per value; got 'id' of "
)
ZONE = "must have no time zone, since what is read of it would depend on the zone of the session; got "


def of(features: str | None, labels: str | None = "l_integer", ml_model: str = "m") -> str:
    given = {"features": features, "labels": labels}
    arguments = "".join(f", {key}={relation(name)}" for key, name in given.items() if name is not None)
    return f"relation_problems('{ml_model}'{arguments})"


PROBLEMS: dict[str, tuple[str, list[str]]] = {
    "whole_numbers_of_any_width": (of("f_bigint"), []),
    "decimals_without_fraction": (of("f_decimal_0"), []),
    "decimals": (
        of("f_decimal_1"),
        [f'features: {NO_KEY}"warehouse"."main"."f_decimal_1", which is decimal(18,1).'],
    ),
    "doubles": (of("f_double"), [f'features: {NO_KEY}"warehouse"."main"."f_double", which is double.']),
    "booleans": (of("f_boolean"), [f'features: {NO_KEY}"warehouse"."main"."f_boolean", which is boolean.']),
    "zoned_keys": (of("f_zoned_key"), [f"features: {NO_KEY}"]),
    "texts_and_numbers": (
        of("f_text"),
        [
            f'{KEYS}features: entity \'id\' of "warehouse"."main"."f_text" is varchar; labels: entity \'id\' of'
            ' "warehouse"."main"."l_integer" is integer. Allowed: all texts, or all whole numbers, of any width.'
        ],
    ),
    "texts": (of("f_text", "l_text"), []),
    "a_list_of_texts": (of("f_enum", "l_text"), []),
    "uuids_and_numbers": (of("f_uuid"), [f"{KEYS}features: entity 'id' of"]),
    "dates_and_numbers": (of("f_date"), [f"{KEYS}features: entity 'id' of"]),
    "zoned_moments": (
        of("f_zoned", "l_zoned"),
        [f"features: as_of: {ZONE}'month' of", f"labels: as_of: {ZONE}'month'", f"labels: matured_at: {ZONE}'mat"],
    ),
    "a_month_as_text": (
        of("f_text_month"),
        [
            'features: as_of: must be a date or a timestamp; got \'month\' of "warehouse"."main"."f_text_month",'
            " which is varchar. Allowed: a date, or a timestamp without a time zone. Fix: cast it in the model that is"
            " read; a month as text such as '2024-08' with cast(month || '-01' as date)."
        ],
    ),
    "no_matured_at": (
        of(None, "l_no_matured_at"),
        [
            'labels: matured_at: is no column of "warehouse"."main"."l_no_matured_at"; got \'matured_at\'. Allowed: id,'
            " month, y. Fix: correct the name."
        ],
    ),
    "nothing": (
        of(None, "l_nothing"),
        [f"labels: {key}: is no column of" for key in ("entity", "as_of", "label", "matured_at")],
    ),
    "no_never": (of(None, "l_integer", "cancelling"), ["labels: never: is no column of"]),
    "never": (of(None, "l_cancelled", "cancelling"), []),
    "never_as_number": (
        of(None, "l_cancelled_number", "cancelling"),
        ["labels: never: must be boolean, true for what never gets a label; got 'cancelled' of"],
    ),
    "a_decimal_label": (of(None, "l_decimal"), []),
    "a_decimal_class": (
        of(None, "l_decimal", "classes"),
        ["labels: label: must have one text per class, so be a text"],
    ),
}
MISREAD = [("padded", "plain", 2), ("plain", "padded", 2), ("pointed", "plain", 2)]
READ = [("plain", "plain"), ("padded", "words"), ("mixed", "padded"), ("zeros", "zeros"), ("padded", "padded")]
READ_AS = {
    "numeric": ["integer", "uinteger", "double", "decimal(4,2)", "hugeint", "float"],
    "boolean": ["boolean"],
    "date": ["date", "timestamp", "timestamp_ns"],
    "categorical": [
        "integer",
        "uinteger",
        "hugeint",
        "varchar",
        "enum('a', 'b')",
        "boolean",
        "date",
        "timestamp",
        "timestamp_ns",
    ],
}
TYPES = [
    "integer", "uinteger", "double", "decimal(4,2)", "hugeint", "float", "boolean", "date", "timestamp",
    "timestamp_ns", "timestamp with time zone", "varchar", "enum('a', 'b')", "integer[]", "struct(a integer)",
]  # fmt: skip
KEPT = {
    ("integer", "integer"): True,
    ("bigint", "integer"): True,
    ("boolean", "integer"): True,
    ("integer", "double"): True,
    ("decimal(4,2)", "double"): True,
    ("decimal(4,2)", "decimal(4,2)"): True,
    ("decimal(6,4)", "decimal(4,2)"): False,
    ("double", "integer"): False,
    ("double", "decimal(4,2)"): False,
    ("decimal(4,2)", "integer"): False,
    ("varchar", "integer"): False,
    ("integer", "varchar"): False,
    ("enum('a')", "varchar"): True,
}


def as_list(values: list[bool]) -> str:
    return f"{{{{ [{', '.join(values)}] | tojson }}}}"


MODELS = {
    **{f"problems_{name}": f"{{{{ ml_ledger.{call} | tojson }}}}" for name, (call, _) in PROBLEMS.items()},
    **{
        f"spelling_{one}_{other}": "{{ ml_ledger.spelling_problems("
        + ", ".join(
            f"{{'where': '{where}', 'keys': 'select id as _ml_key from s_{name}'}}"
            for where, name in (("features", one), ("labels", other))
        )
        + ") | tojson }}"
        for one, other, *_ in [*MISREAD, *READ]
    },
    "read_as": as_list([f'ml_ledger.is_read_as("{kind}", "{given}")' for kind in READ_AS for given in TYPES]),
    "kept": as_list([f'ml_ledger.is_kept_whole("{new}", "{old}")' for new, old in KEPT]),
    "training_set": "{{ ml_ledger.training_set('cancelling', "
    f"{relation('f_integer')}, {relation('l_cancelled')}) }}}}",
    "outcomes": f"{{{{ ml_ledger.outcomes('cancelling', {relation('predictions')}, {relation('l_cancelled')}) }}}}",
    "label_log": f"{{{{ ml_ledger.label_log('cancelling', {relation('l_cancelled')}) }}}}",
    "as_known": f"{{{{ ml_ledger.labels_as_known('cancelling', {relation('logged')}) }}}}",
    "without_decision": "{{ ml_ledger.alert_labels_without_decision('cancelling', "
    f"{relation('predictions')}, {relation('l_cancelled')}) }}}}",
}
FAULTY = {
    "refused_training_set": f"{{{{ ml_ledger.training_set('m', {relation('f_double')}, {relation('l_integer')}) }}}}",
    "refused_spelling": f"{{{{ ml_ledger.training_set('m', {relation('s_padded')}, {relation('s_plain')}) }}}}",
    "refused_outcomes": f"{{{{ ml_ledger.outcomes('m', {relation('predictions')}, {relation('l_zoned')}) }}}}",
    "refused_label_log": f"{{{{ ml_ledger.label_log('m', {relation('l_no_matured_at')}) }}}}",
    "refused_kind": "{% if execute %}{% do ml_ledger.refuse_unreadable({'version': 1, 'slot': 'champion'}, ['X', 'z'],"
    " {'X': {'kind': 'numeric'}, 'z': {'kind': 'categorical'}}, 'features',"
    " {'x': 'varchar', 'z': 'varchar'}) %}{% endif %}",
    "refused_predictions": "{{ ml_ledger.predictions('m', "
    f"{relation('f_zoned')}, {relation('predictions')}, {relation('predictions')}) }}}}",
}


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in {**FEATURES, **LABELS}.items():
        connection.execute(f"create table {name} ({columns})")
    connection.execute(
        "create table logged as select *, '' as label_source, matured_at as known_at, 0 as correction_number,"
        " '' as invocation_id, matured_at as recorded_at from l_cancelled"
    )
    for name, keys in SPELLINGS.items():
        rows = ", ".join(f"('{key}')" for key in keys)
        connection.execute(
            f"create table s_{name} as select id, date '2024-01-01' as month, 1 as x, 1 as y,"
            f" timestamp '2024-02-01' as matured_at from (values {rows}) as given (id)"
        )


def compiled(folder, models: dict[str, str], command: str = "compile") -> dict[str, str]:
    return package_project.compiled(
        folder,
        models,
        create_tables=create_tables,
        tables=[*FEATURES, *LABELS, "logged", *(f"s_{name}" for name in SPELLINGS)],
        project={"vars": {"ml_models": ML_MODELS, "ml_clock": "2024-12-31", "ml_actor": "ana"}},
        command=command,
    )


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return compiled(tmp_path_factory.mktemp("keys"), MODELS)


@pytest.fixture
def flights() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three months of ten flights each, two of each month cancelled; of the last month one is still on its way."""
    with duckdb.connect() as connection:
        create_tables(connection)
        connection.execute(
            "insert into l_cancelled select range % 10, date '2024-01-01' + to_months((range // 10)::int),"
            " case when range % 5 > 0 then range % 2 end,"
            " case when range < 29 then date '2024-02-01' + to_months((range // 10)::int) end, range % 5 = 0"
            " from range(30)"
        )
        connection.execute("insert into f_integer select id, month, 1.0 from l_cancelled")
        yield connection


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_relation_is_refused_with_its_types(sql: dict[str, str], name: str):
    found = json.loads(sql[f"problems_{name}"])
    expected = PROBLEMS[name][1]
    assert len(found) == len(expected), found
    for problem, words in zip(found, expected, strict=True):
        assert words in problem or words.split(": ", 1)[-1] in problem, problem


@pytest.mark.parametrize(("one", "other", "pairs"), MISREAD)
def test_texts_that_write_the_same_keys_in_two_ways_are_refused(
    sql: dict[str, str], one: str, other: str, pairs: int
):
    (problem,) = json.loads(sql[f"spelling_{one}_{other}"])
    first, second = SPELLINGS[one][0], SPELLINGS[other][0]
    assert f"got {pairs} that do not, such as {first} in features and {second} in labels" in problem


@pytest.mark.parametrize(("one", "other"), READ)
def test_texts_that_may_be_entities_of_their_own_are_not(sql: dict[str, str], one: str, other: str):
    assert json.loads(sql[f"spelling_{one}_{other}"]) == []


def test_which_types_are_read_as_which_kind_of_feature(sql: dict[str, str]):
    found = dict(
        zip([(kind, given) for kind in READ_AS for given in TYPES], json.loads(sql["read_as"]), strict=True)
    )
    assert found == {(kind, given): given in READ_AS[kind] for kind in READ_AS for given in TYPES}


def test_which_types_a_logged_label_can_take(sql: dict[str, str]):
    assert dict(zip(KEPT, json.loads(sql["kept"]), strict=True)) == KEPT


def test_each_node_says_what_is_wrong_and_goes_without_new_rows(tmp_path):
    with pytest.raises(AssertionError) as caught:
        compiled(tmp_path, FAULTY, "run")
    said = " ".join(str(caught.value).split())
    for words in (
        "training_set of m has no new rows: features: entity: a key must be a text",
        "outcomes of m has no new rows: labels: as_of: must have no time zone",
        "outcomes of m has no new rows: labels: matured_at: must have no time zone",
        "label_log of m has no new rows: labels: matured_at: is no column of",
        "version 1 is live as champion and reads X as numeric, and it is varchar in features. Nothing was written.",
        "predictions of m has no new rows: features: as_of: must have no time zone",
    ):
        assert words in said
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as warehouse:
        columns = warehouse.sql("from refused_spelling").columns
    assert any(name.startswith("_ml_problem: entity: keys must read the same; got 2") for name in columns)


def test_what_never_gets_a_label_completes_its_date_and_is_not_trained_on(sql: dict[str, str], flights):
    found = flights.execute(
        f"select month::varchar, _ml_split, count(*), count(y) from ({sql['training_set']}) group by all order by all"
    ).fetchall()
    assert found == [
        ("2024-01-01", "never", 2, 0),
        ("2024-01-01", "train", 8, 8),
        ("2024-02-01", "holdout", 8, 8),
        ("2024-02-01", "never", 2, 0),
    ], "the third month has a flight on its way"


def test_a_date_of_which_nothing_gets_a_label_is_not_held_out(sql: dict[str, str], flights):
    flights.execute("update l_cancelled set cancelled = true where month = date '2024-02-01'")
    flights.execute("delete from l_cancelled where month = date '2024-03-01'")
    found = flights.execute(
        f"select month::varchar, _ml_split, count(*) from ({sql['training_set']}) group by all order by all"
    ).fetchall()
    assert found == [
        ("2024-01-01", "holdout", 8),
        ("2024-01-01", "never", 2),
        ("2024-02-01", "never", 10),
    ]


def test_what_never_gets_a_label_has_no_outcome_and_no_alert(sql: dict[str, str], flights):
    flights.execute(
        "insert into predictions (decision_id, entity_id, as_of) select id || '/' || month, id, month"
        " from f_integer where id < 8"
    )
    flights.execute("update l_cancelled set y = 1 where cancelled and id = 0")  # the column says more than a label
    assert flights.execute(
        f"select count(*), count_if(entity_id in ('0', '5')) from ({sql['outcomes']})"
    ).fetchall() == [(18, 0)]
    flights.execute("update l_cancelled set cancelled = true where id = 9")
    ((value, message),) = flights.execute(f"select value, message from ({sql['without_decision']})").fetchall()
    assert (value, message[-1]) == (3, "8")


def test_the_log_of_labels_keeps_what_never_gets_one(sql: dict[str, str], flights):
    flights.execute(f"insert into logged by name select * from ({sql['label_log']})")
    known = flights.execute(
        f"select cancelled, count(*), count(y) from ({sql['as_known']}) group by all order by all"
    ).fetchall()
    assert known == [(False, 24, 24), (True, 6, 0)]
    flights.execute("update logged set y = null where id = 1 and month = date '2024-01-01'")
    assert flights.execute(f"select count(*) from ({sql['as_known']})").fetchall() == [(29,)], "taken back"
