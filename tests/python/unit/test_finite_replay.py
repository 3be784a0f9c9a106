"""What no double holds is no score in the warehouse either: in the replay, and in what earlier releases stored."""

from __future__ import annotations

import json
import math
import re

import duckdb
import pytest
from package_project import ROOT, compiled, relation

from ml_ledger.coefficients import Coefficient
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.scoring.words import LARGEST_LOG

REPLAY = (ROOT / "models/audit/ml_decision_replay.sql").read_text(encoding="utf-8")
SPEC = json.dumps({"decision": {"positive": "yes", "negative": "no", "fallback": "none"}})
ROWS = [Coefficient("score", 0, None, "intercept", value=0.0), Coefficient("score", 1, "x", "value", slope=1.0)]
BEYOND = math.nextafter(LARGEST_LOG, math.inf)


def tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Version 1 counts (link log); version 2 is calibrated."""
    connection.execute(
        "create table ml_versions as select * from (values ('m', 1, 'log', null::varchar, $spec),"
        " ('m', 2, 'logit', null, $spec)) as v(ml_model, version, link, estimator_sha256, spec)",
        {"spec": SPEC},
    )
    connection.execute(
        "create table ml_coefficients as select * from (values ('m', 1, 'score', 0, null::double, 0.0::double),"
        " ('m', 2, 'score', 0, null, 0.0), ('m', 2, 'calibration', 1, 1e300, 0.0)) as c(ml_model, version, output,"
        " term, slope, value), (select null::double as lower_bound, null::double as upper_bound)"
    )
    connection.execute(
        "create table ml_decision_terms (decision_id varchar, ml_model varchar, version int, output varchar,"
        " contribution double)"
    )
    connection.execute(
        "create table ml_predictions (decision_id varchar, ml_model varchar, version int, decided_at timestamp,"
        " status varchar, link_score double, score double, predicted varchar, threshold double, decision varchar,"
        " decision_source varchar, features varchar)"
    )


# Version, link score, and what was recorded: status, score, decision.
DECISIONS = {
    "low": (1, -800.0, "scored", 0.0, "no"),
    "usual": (1, 1.0, "scored", math.e, "yes"),
    "on the limit": (1, LARGEST_LOG, "scored", math.exp(LARGEST_LOG), "yes"),
    "beyond": (1, BEYOND, "rejected", None, "none"),
    "by an earlier release": (1, 900.0, "scored", math.inf, "yes"),
    "calibrated": (2, 1.0, "scored", 1.0, "yes"),
    "calibrated beyond": (2, 1e9, "rejected", None, "none"),
}


@pytest.fixture(scope="module")
def sql(tmp_path_factory) -> dict[str, str]:
    old = json.loads(compile_scoring(ROWS, link="log", dialect="duckdb").to_json())
    old["layers"] = [
        {name: "exp(_ml_link1)" if name == "_ml_output1" else text for name, text in layer.items()}
        for layer in old["layers"]
    ]
    first = {
        "format_version": 1,
        "dialect": "duckdb",
        "link": "log",
        "intercept": "0e0",
        "base": "0e0",
        "terms": [{"feature": "x", "expression": '"x" * 1e0', "reference": 0.0}],
    }
    models = {"replay": re.sub(r"ref\('(\w+)'\)", lambda found: relation(found[1]), REPLAY)}
    for name, stored in (("format_2", old), ("format_1", first)):
        text = json.dumps(json.dumps(stored))
        models[name] = (
            "{% set scoring = ml_ledger.scoring_of_version(" + text + ") %}{% set ns = namespace(source="
            "'(select 1 as id, cast(getvariable(' ~ \"'x'\" ~ ') as double) as x)') %}"
            "{% for layer in scoring.layers %}{% set columns = [] %}{% for name, sql in layer.items() %}"
            "{% do columns.append(sql ~ ' as ' ~ name) %}{% endfor %}"
            "{% set ns.source = '(select *, ' ~ columns | join(', ') ~ ' from ' ~ ns.source ~ ' as l)' %}"
            "{% endfor %}select _ml_score from {{ ns.source }} as scored"
        )
    return compiled(
        tmp_path_factory.mktemp("project"),
        models,
        create_tables=tables,
        tables=["ml_versions", "ml_coefficients", "ml_decision_terms", "ml_predictions"],
        project={"vars": {"ml_models": {}}},
    )


def test_the_replay_gives_what_was_recorded(sql):
    with duckdb.connect() as connection:
        tables(connection)
        for name, (version, link, status, score, decision) in DECISIONS.items():
            connection.execute(
                "insert into ml_predictions values (?, 'm', ?, null, ?, ?, ?, null, 0.5, ?, 'policy', '{}')",
                [name, version, status, link if score is not None else None, score, decision],
            )
            connection.execute(
                "insert into ml_decision_terms values (?, 'm', ?, 'score', ?)", [name, version, link]
            )
        found = connection.execute(
            f"select decision_id, replayed_score, difference, replayed_decision, decision from ({sql['replay']})"
        ).fetchall()
    assert {row[0] for row in found} == set(DECISIONS)
    for name, replayed, difference, replayed_decision, decision in found:
        score = DECISIONS[name][3]
        assert replayed_decision == decision
        assert replayed == (None if score is None else pytest.approx(score, rel=1e-12))
        assert difference is None if score is None else difference <= 1e-12


@pytest.mark.parametrize("stored", ["format_1", "format_2"])
def test_versions_of_earlier_releases_have_no_infinite_score(sql, stored):
    with duckdb.connect() as connection:
        for x, score in ((-800.0, 0.0), (1.0, math.e), (LARGEST_LOG, math.exp(LARGEST_LOG)), (BEYOND, None)):
            connection.execute(f"set variable x = {x!r}")
            ((found,),) = connection.execute(sql[stored]).fetchall()
            assert found == (None if score is None else pytest.approx(score, rel=1e-12))
