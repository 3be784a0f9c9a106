"""What people give to operations, as YAML reads it: numbers, identifiers and dates that are not what they seem."""

import json
import os
import warnings
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import package_project
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from ml_ledger.commands.clock import clock_problem
from ml_ledger.declaration.key_types import moment_of

EVENTS = (
    "deployment_id varchar, ml_model varchar, event_number bigint, event varchar, operation varchar, version bigint,"
    " slot varchar, share double, valid_from timestamp, actor varchar, reason varchar, checks varchar, details varchar,"
    " recorded_at timestamp, invocation_id varchar, hash_format bigint, previous_hash varchar, content_hash varchar"
)
TABLES = {
    "m_deployments": EVENTS,
    "m_versions": "version bigint, trained_at timestamp, trained_by varchar",
    "m_predictions": "decision_id varchar, entity_id varchar, as_of timestamp, slot varchar, decided_at timestamp,"
    " invocation_id varchar",
    "m_batches": "batch_number bigint, predicted_by varchar, decided_at timestamp, predictions_hash varchar",
    "m_training_rows": "_ml_version bigint, _ml_entity_id varchar",
    "m_outcomes": "entity_id varchar",
    "m_feedback": "decision_id varchar, reviewer varchar, kind varchar, verdict varchar, override_decision varchar,"
    " given_at timestamp, reason varchar, reason_salt varchar, feedback_number bigint, content_hash varchar",
    "m_alerts": "event varchar, alert_id varchar, check_number bigint, checked_at timestamp",
}
DECLARED = {
    "task": "binary",
    "entity": "customer_id",
    "as_of": "month",
    "label": "bought",
    "decision": {"threshold": 0.5, "positive": "offer", "negative": "none", "fallback": "none"},
    "review": {"random_per_period": 5},
    "monitoring": {"alerts": {}},
    "retention": {"predictions_months": 5},
}
CLOCK = "2024-06-30"
# Values that were given, in one list each, and what the macros say of them.
SWEEP = """
{% macro swept(shares=[], versions=[], identifiers=[], moments=[]) %}
    {% set state, found = {'divided': [], 'valid_from': '2024-01-01 00:00:00'}, [] %}
    {% for share in shares %}
        {% do found.append(ml_ledger.share_problems(state, 'challenger', 1, share, may_be_none=true)) %}
    {% endfor %}
    {% for version in versions %}{% do found.append(ml_ledger.argument_problems('why', version)) %}{% endfor %}
    {% for identifier in identifiers %}
        {% do found.append(ml_ledger.identifier_problems('entity_id', identifier)) %}
    {% endfor %}
    {% for moment in moments %}{% do found.append(ml_ledger.moment_text(moment)) %}{% endfor %}
    {% do print(tojson(found)) %}
{% endmacro %}
"""


class Shop:
    """A project with one ML model, whose tables hold two customers, 18 and 022."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = package_project.write_project(
            folder,
            dict.fromkeys(TABLES, "select 1 as never_built"),
            create_tables=create_tables,
            tables=[],
            project={"vars": {"ml_models": {"m": DECLARED}, "ml_actor": "ana"}},
            macros=SWEEP,
        )
        self.manifest: Any = None
        self.manifest = self._dbt("parse")[0]

    def _dbt(self, *arguments: str) -> tuple[Any, str]:
        said, folder = StringIO(), Path.cwd()
        os.chdir(self.folder)
        try:
            with redirect_stdout(said), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                done = dbtRunner(self.manifest).invoke(
                    ["--quiet", "--no-use-colors", "--log-level-file", "none", *arguments, "--profiles-dir", "."]
                )
                DuckDBConnectionManager.close_all_connections()
        finally:
            os.chdir(folder)
        assert done.exception is None or not self.manifest, done.exception
        return done.result if done.success else None, said.getvalue().strip()

    def swept(self, **given: str) -> list[Any]:
        """What the macros say of lists of YAML."""
        arguments = "{" + ", ".join(f"{name}: [{values}]" for name, values in given.items()) + "}"
        result, said = self._dbt("run-operation", "swept", "--args", arguments)
        assert result is not None, said
        return json.loads(said.splitlines()[-1])

    def refused(self, operation: str, arguments: str, clock: str = CLOCK) -> str:
        """Why an operation with these arguments, as somebody typed them, was refused. Nothing may have been written."""
        before = self.rows()
        variables = json.dumps({"ml_clock": clock})
        result, said = self._dbt("run-operation", operation, "--args", arguments, "--vars", variables)
        assert result is None or any(str(one.status) == "error" for one in result.results), said
        assert self.rows() == before
        return " ".join(said.split())

    def rows(self) -> dict[str, list[tuple]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return {name: connection.execute(f"from {name} order by all").fetchall() for name in TABLES}


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")
    connection.execute("insert into m_versions values (1, '2024-01-31', 'ana'), (2, '2024-02-29', 'ana')")
    connection.execute(
        "insert into m_deployments (deployment_id, ml_model, event_number, event, operation, version, slot, share,"
        " valid_from, actor, hash_format)"
        " values ('m-1', 'm', 1, 'deployed', 'gate', 1, 'champion', 1, '2024-01-31', 'ana', 2)"
    )
    connection.execute(
        "insert into m_predictions select 'd' || id, id, '2024-05-01', 'champion', '2024-05-01', 'i'"
        " from unnest(['18', '022']) as t(id)"
    )
    connection.execute("insert into m_alerts values ('checked', null, 1, '2024-05-01')")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop") / "project")


def test_shares_are_whole_numbers_of_buckets(shop: Shop):
    good = "0, 0.0001, 0.05, 0.3333, 0.30000000000000004, 1, 1.0"
    assert shop.swept(shares=good) == [[]] * 7
    bad = {
        ".nan": "from 0 to 1; got NaN.",
        ".inf": "from 0 to 1; got Infinity.",
        "-.inf": "from 0 to 1; got -Infinity.",
        "-0.0001": "from 0 to 1; got -0.0001.",
        "1.0001": "from 0 to 1; got 1.0001.",
        '"0.1"': 'from 0 to 1; got "0.1".',
        "true": "from 0 to 1; got true.",
        "null": "from 0 to 1; got null.",
        "2024-01-01": "from 0 to 1; got 2024-01-01.",
        "[0.1]": "from 0 to 1; got [0.1].",
        "0.00001": "got 1e-05, which is 0.1 of them. Allowed: steps of 0.0001, as 0.0001.",
        "0.00005": "got 5e-05, which is 0.5 of them.",
        "0.00015": "got 0.00015, which is 1.5 of them.",
        "0.99996": "got 0.99996, which is 9999.6 of them. Allowed: steps of 0.0001, as 1.0.",
        "0.33333": "got 0.33333, which is 3333.3 of them. Allowed: steps of 0.0001, as 0.3333.",
    }
    for value, (problem,) in zip(bad, shop.swept(shares=", ".join(bad)), strict=True):
        assert bad[value] in problem


def test_versions_are_whole_numbers(shop: Shop):
    bad = '.nan, .inf, 1.0, "1", true, null, 2024-01-01, [1], {a: 1}'
    found = shop.swept(versions=f"1, -1, {bad}")
    assert found[:2] == [[], []], "whether there is a version of that number, only the record knows"
    assert all(problem.startswith("version: must be a whole number; got ") for (problem,) in found[2:])
    assert len(found) == 11


def test_identifiers_are_texts(shop: Shop):
    found = shop.swept(
        identifiers='"022", "18", " ", 022, 18, 0x12, 1_8, 1.5, 12:30, yes, null, 2024-01-01, "", [a]'
    )
    assert found[:3] == [[], [], []]
    for (problem,), got in zip(
        found[3:], ["18", "18", "18", "18", "1.5", "750", "true", "null", "2024-01-01", '""', "['a']"], strict=True
    ):
        assert problem == (
            f"entity_id: must be a text in quotes, since YAML reads 022 as the number 18; got {got}."
            ' Fix: entity_id: "…", as the record has it.'
        )


MOMENTS = {
    "2024-02-29": True,
    "2023-02-29": False,
    "2100-02-29": False,
    "2000-02-29": True,
    "2024-02-30": False,
    "2024-09-30": True,
    "2024-09-31": False,
    "2024-12-31": True,
    "2024-12-32": False,
    "2024-13-01": False,
    "2024-00-10": False,
    "2024-01-00": False,
    "0000-01-01": False,
    "0001-01-01": True,
    "9999-12-31": True,
    "2024-01-01 23:59": True,
    "2024-01-01T23:59:59": True,
    " 2024-01-01 ": True,
    "2024-01-01 24:00": False,
    "2024-01-01 25:00:00": False,
    "2024-01-01 23:60": False,
    "2024-01-01 23:59:60": False,
    "2024-01-01 10:00:00.5": False,
    "2024-01-01 10": False,
    "2024-01-01 10:00Z": False,
    "2024-01-01 10:00:00+02:00": False,
    "2024-1-1": False,
    "20240101": False,
    "2024-W01-1": False,
    "٢٠٢٤-01-01": False,
    "yesterday": False,
    "": False,
    "2024-01-01'; drop table t; --": False,
}


def test_moments_are_those_of_the_calendar_for_dbt_and_for_the_command(shop: Shop):
    found = shop.swept(moments=", ".join(json.dumps(text) for text in MOMENTS))
    for (text, is_moment), got in zip(MOMENTS.items(), found, strict=True):
        assert got == (text.strip().replace("T", " ") if is_moment else None), text
        assert (moment_of(text.strip()) is not None) is is_moment, text
        if not is_moment:
            assert str(clock_problem("ml_clock", text)).startswith(
                "ml_clock: must be a date or a timestamp that exists; got '"
            )
    # Without quotes YAML makes them dates and numbers, and moves a moment with a zone to UTC.
    found = shop.swept(moments="2024-01-31, 2024-01-31 10:00:00, 2024-01-31 10:00:00+02:00, 20240131, true")
    assert found == ["2024-01-31", "2024-01-31 10:00:00", None, None, None]


def test_a_clock_may_be_today_and_no_later():
    today = datetime.now(UTC).date()
    assert clock_problem("ml_clock", str(today)) is None
    assert clock_problem("ml_clock", today) is None
    late = clock_problem("ml_clock", str(today + timedelta(days=2)))
    assert "must not be after today" in str(late)


def test_a_clock_that_does_not_exist_stops_an_operation(shop: Shop):
    for clock in ("2024-09-31", "2024-06-30 25:00:00", "2024-06-30T10:00:00+02:00"):
        said = shop.refused("ml_pause", "{ml_model: m, reason: why}", clock=clock)
        assert f"ml_clock: must be a date or a timestamp that exists; got '{clock}'" in said


# Operation, arguments as somebody types them, and every problem that they have.
WRONG = {
    "promote": (
        "ml_promote",
        "{ml_model: m, version: .nan, reason: 022, slot: king, valid_from: 2024-06-31 00:00, share: .nan}",
        [
            "reason: must be a text that says why; got 18.",
            "version: must be a whole number; got NaN.",
            "valid_from: must be a date or a timestamp that exists; got '2024-06-31 00:00'.",
            'slot: has a value that is not allowed; got "king".',
        ],
    ),
    "promote a challenger": (
        "ml_promote",
        "{ml_model: m, version: [1], reason: yes, slot: challenger, valid_from: 2024-07-01, share: .nan}",
        [
            "reason: must be a text that says why; got true.",
            "version: must be a whole number; got [1].",
            "valid_from: is after the clock; got 2024-07-01 00:00:00.",
            "share: must be a number above 0 and at most 1; got NaN.",
        ],
    ),
    "share": (
        "ml_set_share",
        "{ml_model: m, version: -1, reason: 2024-01-01, share: 0.00001}",
        [
            "reason: must be a text that says why; got 2024-01-01.",
            "version: there is no version -1 of m. Allowed: versions 1, 2.",
            "share: must be a number of the 10,000 buckets",
        ],
    ),
    "share of control": (
        "ml_set_share",
        "{ml_model: m, reason: '', share: .nan}",
        ['reason: must be a text that says why; got "".', "share: must be a number from 0 to 1; got NaN."],
    ),
    "approve": (
        "ml_approve",
        "{ml_model: m, version: true, reason: null}",
        ["reason: must be a text that says why; got null.", "version: must be a whole number; got true."],
    ),
    "reject": (
        "ml_reject",
        '{ml_model: m, version: "2", reason: why}',
        ['version: must be a whole number; got "2".'],
    ),
    "retire": (
        "ml_retire",
        "{ml_model: m, version: 2.0, reason: why}",
        ["version: must be a whole number; got 2.0."],
    ),
    "rollback": (
        "ml_rollback",
        '{ml_model: [m], reason: 1, valid_from: "2024-02-30"}',
        [
            "ml_model: is not declared; got '['m']'. Allowed: m.",
            "reason: must be a text that says why; got 1.",
            "valid_from: must be a date or a timestamp that exists; got '2024-02-30'.",
        ],
    ),
    "erase": (
        "ml_erase",
        "{entity_id: 022, reason: 3, ml_model: m}",
        [
            "reason: must be a text that says why; got 3.",
            "entity_id: must be a text in quotes, since YAML reads 022 as the number 18; got 18.",
        ],
    ),
    "erase everywhere": (
        "ml_erase",
        "{entity_id: 2024-01-01, reason: why}",
        ["entity_id: must be a text in quotes, since YAML reads 022 as the number 18; got 2024-01-01."],
    ),
    "erase nobody": (
        "ml_erase",
        '{entity_id: "22", reason: why}',
        [
            'entity_id: is not in the record of m; got "22". Allowed: an entity_id of ml_predictions or'
            " ml_training_rows."
        ],
    ),
    "acknowledge": (
        "ml_acknowledge",
        "{alert: 022, reason: 1.0}",
        [
            "reason: must be a text that says why; got 1.0.",
            "alert: must be a text in quotes, since YAML reads 022 as the number 18; got 18.",
        ],
    ),
    "feedback": (
        "ml_record_feedback",
        "{reviewer: 007, reason: 5, override_decision: no,"
        " feedback: [{entity_id: 022, as_of: 2024-05-01}, {decision_id: 1.0e+5}, 3]}",
        [
            "reviewer: must be a text in quotes, since YAML reads 022 as the number 18; got 7.",
            "override_decision: must be a text in quotes, since YAML reads 022 as the number 18; got false.",
            "reason: must be a text that says why; got 5.",
            "feedback 1: entity_id: must be a text in quotes, since YAML reads 022 as the number 18; got 18.",
            "feedback 2: decision_id: must be a text in quotes, since YAML reads 022 as the number 18; got 100000.0.",
            "feedback 3: must be a mapping; got 3.",
        ],
    ),
    "feedback on a day that does not exist": (
        "ml_record_feedback",
        '{ml_model: m, entity_id: "18", as_of: "2024-05-32", verdict: 1, reviewer: eva, reason: why,'
        ' given_at: "2024-06-31"}',
        ["as_of is not a timestamp; got 2024-05-32; given_at is not a timestamp; got 2024-06-31"],
    ),
    "old predictions": (
        "ml_remove_old_predictions",
        "{reason: 022}",
        [
            "reason: must be a text that says why; got 18.",
            "ml_models.m.retention.predictions_months: must be a whole number of months, from 6 to 1200; got 5.",
        ],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_written(shop: Shop, case: str):
    operation, arguments, problems = WRONG[case]
    said = shop.refused(operation, arguments)
    for problem in problems:
        assert " ".join(problem.split()) in said, said
    number = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    assert f"{operation}: refused: {number}. Nothing was written." in said
