"""What people say of decisions: what can be recorded, how it is resolved, how far reviewers agree, and labels of it."""

from collections.abc import Iterator
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest
from package_project import relation
from people_project import CLOCK, DECLARATION, NOT_BUILT, compiled, create_tables, insert
from sklearn.metrics import cohen_kappa_score

from ml_ledger.record.chains import chain_findings, reason_findings

POLICIES = ("latest", "first", "majority", "unanimous")
ML_MODELS = {policy: DECLARATION | {"review": {"conflict": policy}} for policy in POLICIES} | {
    "m": DECLARATION | {"review": {"feedback": ["main.given"]}},
    "amount": DECLARATION | {"task": "regression", "review": {"feedback": ["main.given"]}},
    "classes": DECLARATION | {"task": "multiclass", "classes": ["a", "b", "c"], "review": {}},
}
PREDICTIONS, FEEDBACK = relation("predictions"), relation("feedback")
GIVEN = "ml_ledger.given_feedback('m')"
LABELS = f"ml_ledger.labels_with_feedback('m', {relation('labels')}, {FEEDBACK}, {PREDICTIONS}"
MODELS = {
    "checked": f"{{{{ ml_ledger.checked_feedback('m', {PREDICTIONS}, {GIVEN}, {FEEDBACK}) }}}}",
    "checked_amounts": "{{ ml_ledger.checked_feedback('amount', "
    + f"{PREDICTIONS}, ml_ledger.given_feedback('amount'), {FEEDBACK}) }}}}",
    "new": f"{{{{ ml_ledger.new_feedback('m', {PREDICTIONS}, {GIVEN}, {FEEDBACK}) }}}}",
    "first_new": f"{{{{ ml_ledger.new_feedback('m', {PREDICTIONS}, {GIVEN}, none) }}}}",
    "resolved": f"{{{{ ml_ledger.resolved_verdicts({FEEDBACK}, {PREDICTIONS}) }}}}",
    "overrides": f"{{{{ ml_ledger.overrides_in_force({FEEDBACK}) }}}}",
    "agreement": f"{{{{ ml_ledger.agreement({FEEDBACK}, {PREDICTIONS}) }}}}",
    "labels": f"{{{{ {LABELS}) }}}}",
    "labels_at_first": f"{{{{ {LABELS.replace(FEEDBACK, relation(NOT_BUILT))}) }}}}",
    "labels_completed": f"{{{{ {LABELS}, completes=true) }}}}",
}
AS_OF = "2026-02-01"


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return compiled(tmp_path_factory.mktemp("feedback"), ML_MODELS, MODELS)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        create_tables(connection)
        yield connection


def decision(decision_id: str, **values: Any) -> dict[str, Any]:
    given = {
        "decision_id": decision_id,
        "ml_model": "m",
        "entity_id": decision_id[1:],
        "as_of": AS_OF,
        "slot": "champion",
        "score": 0.7,
        "threshold": 0.5,
        "decision": "offer",
        "decision_source": "policy",
        "decided_at": "2026-02-01 06:00:00",
    }
    return given | values


def said(**values: Any) -> dict[str, Any]:
    return {"reviewer": "eva", "verdict": "1", "reason": "called", "given_at": "2026-02-03"} | values


def rows(connection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def record(connection, sql: str) -> list[dict[str, Any]]:
    """Append what is new, as the node does; returns it."""
    found = rows(connection, sql)
    insert(connection, "feedback", found)
    return found


def test_what_is_wrong_is_set_aside_with_all_reasons_and_the_rest_is_recorded(connection, sql):
    insert(
        connection,
        "predictions",
        [
            decision("d1"),
            decision("d2"),
            decision("d3", slot="shadow"),
            decision("d4", entity_id=None),
            decision("d5", decided_at="2026-02-20"),
        ],
    )
    wrong = {
        "nowhere": (said(decision_id="dx"), "there is no decision dx"),
        "nobody": (said(entity_id=9, as_of=AS_OF), "there is no decision about 9 as of 2026-02-01"),
        "unnamed": (said(entity_id=1), "no decision is named. Fix: give decision_id, or entity_id and as_of"),
        "of a shadow": (said(decision_id="d3"), "is about a shadow, which decides nothing"),
        "erased": (said(decision_id="d4"), "is about a person who was erased"),
        "too early": (said(decision_id="d5"), "given_at is before the decision was made; got 2026-02-03"),
        "a class": (
            said(decision_id="d1", verdict="maybe"),
            "verdict is no class of the label; got maybe. Allowed: 0, 1",
        ),
        "an action": (
            said(decision_id="d1", verdict=None, override_decision="call"),
            "override_decision is no declared action; got call. Allowed: offer, none",
        ),
        "two faults": (
            said(decision_id="d1", reviewer=" ", reason=None),
            "reviewer is missing; reason is missing",
        ),
        "nothing": (
            said(decision_id="d1", verdict=None),
            "says nothing. Fix: give a verdict, an override_decision, or kind agree",
        ),
        "no time": (said(decision_id="d1", given_at="soon"), "given_at is not a timestamp; got soon"),
        "no": (said(decision_id="d1", given_at=None), "given_at is missing"),
        "a zone": (
            said(decision_id="d1", given_at="2026-02-03 10:00:00+09:00"),
            "given_at has a time zone, which is not read; got 2026-02-03 10:00:00+09:00. Fix: write it in UTC, without"
            " one",
        ),
        "far": (said(decision_id="d1", given_at="2999-01-01"), "given_at is in the future; got 2999-01-01"),
    }
    right = [
        said(decision_id="d1", verdict="1.00", given_at="2026-02-03T10:00:00"),
        said(entity_id=2, as_of=AS_OF, verdict="0", override_decision="none"),
        said(decision_id="d1", reviewer="ben"),
    ]
    waiting = [said(decision_id="d1", reviewer="kim", given_at="2026-03-02")]
    for name, (row, _) in wrong.items():
        row["reviewer"] = name if row["reviewer"] == "eva" else row["reviewer"]
    insert(connection, "given", [*right, *waiting, *(row for row, _ in wrong.values())])
    found = rows(connection, sql["checked"])
    assert sorted(row["problem"] for row in found if row["problem"]) == sorted(
        problem for _, problem in wrong.values()
    )
    recorded = record(connection, sql["first_new"])
    assert sorted((row["decision_id"], row["reviewer"], row["kind"], row["verdict"]) for row in recorded) == [
        ("d1", "ben", "verdict", "1"),
        ("d1", "eva", "verdict", "1"),
        ("d2", "eva", "override", "0"),
    ], f"the one given after the clock, {CLOCK}, waits"
    assert record(connection, sql["new"]) == [], "recorded twice"
    assert [row["problem"] for row in rows(connection, sql["checked"]) if row["is_recorded"]] == [None] * 3


def test_a_number_that_reads_as_several_entities_names_none(connection, sql):
    """The column of `given` is an integer: whether somebody wrote 22 or 022, nobody knows."""
    insert(connection, "predictions", [decision("d022"), decision("d22"), decision("d18"), decision("d220")])
    insert(connection, "given", [said(entity_id=22, as_of=AS_OF), said(entity_id=18, as_of=AS_OF)])
    assert {row["entity_id"]: row["problem"] for row in rows(connection, sql["checked"])} == {
        "22": "entity_id is a number in given, and 22 is not the only entity that reads so. Fix: make the column a"
        " text, of a seed with column_types",
        "18": None,
    }
    connection.execute("delete from given")
    insert(connection, "given", [said(decision_id="d22", entity_id=22)])
    assert [row["problem"] for row in rows(connection, sql["checked"])] == [None], (
        "the decision is named by its id"
    )
    (only,) = record(connection, sql["first_new"])
    assert only["decision_id"] == "d22"


def test_what_a_verdict_and_a_day_must_be(connection, sql):
    insert(connection, "predictions", [decision("d1")])
    right = ["0", "-1.5", "1e300"]
    wrong = ["nan", "inf", "-Infinity", "1e999", "many"]
    given = [said(decision_id="d1", verdict=verdict, reviewer=verdict) for verdict in [*right, *wrong]]
    insert(connection, "given", given)
    found = {row["reviewer"]: row["problem"] for row in rows(connection, sql["checked_amounts"])}
    assert found == dict.fromkeys(right) | {
        verdict: f"verdict is no finite number; got {verdict}" for verdict in wrong
    }


def test_a_row_twice_or_changed_later_is_a_problem_and_a_later_word_is_not(connection, sql):
    insert(connection, "predictions", [decision("d1")])
    insert(connection, "given", [said(decision_id="d1"), said(decision_id="d1")])
    assert sorted(str(row["problem"]) for row in rows(connection, sql["checked"])) == [
        "None",
        "duplicate row",
    ]
    assert len(record(connection, sql["new"])) == 1
    connection.execute("delete from given")
    insert(connection, "given", [said(decision_id="d1", verdict="0")])
    (changed,) = rows(connection, sql["checked"])
    assert changed["problem"].startswith("is not what was recorded with the same reviewer and given_at")
    assert record(connection, sql["new"]) == []
    insert(connection, "given", [said(decision_id="d1", verdict="0", given_at="2026-02-04 10:00")])
    (later,) = record(connection, sql["new"])
    assert (later["feedback_number"], later["verdict"]) == (2, "0")


def test_feedback_is_a_chain_from_which_words_can_be_erased(connection, sql):
    insert(connection, "predictions", [decision(f"d{number}") for number in range(1, 40)])
    insert(connection, "given", [said(decision_id=f"d{number}") for number in range(1, 20)])
    record(connection, sql["first_new"])
    insert(connection, "given", [said(decision_id=f"d{number}") for number in range(20, 40)])
    record(connection, sql["new"])

    def findings() -> list[str]:
        found = rows(connection, "select * from feedback order by feedback_number")
        chain = chain_findings("feedback", "feedback_number", found, ("reason", "reason_salt"))
        reasons = reason_findings("feedback", found, erased={"d7"}, decided={f"d{n}" for n in range(1, 40)})
        return [f"{finding.row}: {finding.problem.split(':')[0]}" for finding in (*chain, *reasons)]

    assert connection.execute("select count(*) from feedback").fetchone() == (39,)
    assert findings() == []
    connection.execute("update feedback set reason = null, reason_salt = null where decision_id = 'd7'")
    assert findings() == []
    connection.execute("update feedback set reason = 'forged' where decision_id = 'd7'")
    assert [row.split(": ")[1] for row in findings()] == ["its reason was erased and is there again"]
    connection.execute("update feedback set reason = 'forged' where decision_id = 'd8'")
    assert "its reason is not what was recorded" in str(findings())
    connection.execute("update feedback set reason = null, reason_salt = null where decision_id = 'd8'")
    assert "its reason is missing, and no operation recorded that it was erased" in str(findings())
    connection.execute("update feedback set verdict = '0' where feedback_number = 3")
    assert "feedback_number 3: its content is not what was recorded" in findings()


def naive_verdict(policy: str, words: list[tuple[int, str, str]]) -> str | None:
    """words: (time, reviewer, verdict) in the order of time."""
    last = {reviewer: (time, verdict) for time, reviewer, verdict in words}
    verdicts = [verdict for _, verdict in last.values()]
    if policy == "latest":
        return max(last.values())[1]
    if policy == "first":
        return last[words[0][1]][1]
    counts = sorted(((verdicts.count(verdict), verdict) for verdict in set(verdicts)), reverse=True)
    if policy == "unanimous":
        return counts[0][1] if len(counts) == 1 else None
    return None if len(counts) > 1 and counts[0][0] == counts[1][0] else counts[0][1]


def test_verdicts_are_resolved_by_the_declared_policy(connection, sql):
    random = Random(3)
    expected = {}
    number = 0
    for policy in POLICIES:
        for case in range(60):
            name = f"{policy}{case}"
            insert(connection, "predictions", [decision(name, ml_model=policy)])
            words = []
            for time in range(random.randint(1, 5)):
                word = (time, random.choice(["ana", "ben", "eva", "kim"]), random.choice("01"))
                words.append(word)
                number += 1
                # Who agrees says 1: the score is above the threshold.
                agrees = word[2] == "1" and random.random() < 0.5
                insert(
                    connection,
                    "feedback",
                    [
                        {
                            "ml_model": policy,
                            "decision_id": name,
                            "feedback_number": number,
                            "reviewer": word[1],
                            "kind": "agree" if agrees else "verdict",
                            "verdict": None if agrees else word[2],
                            "given_at": f"2026-02-0{1 + time // 2}",
                        }
                    ],
                )
            last = {reviewer: verdict for _, reviewer, verdict in words}
            expected[(policy, name)] = (naive_verdict(policy, words), len(last), len(set(last.values())) > 1)
    found = {
        (row["ml_model"], row["decision_id"]): (row["verdict"], row["reviewers"], row["in_conflict"])
        for row in rows(connection, sql["resolved"])
    }
    assert found == expected


@pytest.mark.parametrize(
    ("given_at", "is_early"),
    [
        ("2026-01-31 23:59:59.999999", True),
        ("2026-02-01", False),
        ("2026-02-01 05:59:59", False),
        ("2026-02-02", False),
    ],
)
def test_feedback_may_be_given_from_the_day_of_the_decision_on(connection, sql, given_at, is_early):
    """The decision is of six o'clock; what is given as a date is of midnight."""
    insert(connection, "predictions", [decision("d1")])
    insert(connection, "given", [said(decision_id="d1", given_at=given_at)])
    (found,) = rows(connection, sql["checked"])
    assert (found["problem"] or "") == (
        f"given_at is before the decision was made; got {given_at}" if is_early else ""
    )


@pytest.mark.parametrize(("given_at", "is_early"), [(f"{CLOCK} 00:00:00", 0), (f"{CLOCK} 00:00:00.000001", 1)])
def test_feedback_after_the_clock_waits_for_its_time(connection, sql, given_at, is_early):
    insert(connection, "predictions", [decision("d1")])
    insert(connection, "given", [said(decision_id="d1", given_at=given_at)])
    (found,) = rows(connection, sql["checked"])
    assert (found["is_early"], found["problem"]) == (is_early, None)
    assert len(rows(connection, sql["first_new"])) == 1 - is_early


def test_the_latest_override_is_in_force_and_agreeing_with_a_fallback_is_no_verdict(connection, sql):
    insert(connection, "predictions", [decision("d1"), decision("d2", score=None, decision_source="fallback")])
    for number, (name, kind, override) in enumerate(
        [("d1", "override", "none"), ("d1", "verdict", None), ("d1", "override", "offer"), ("d2", "agree", None)]
    ):
        insert(
            connection,
            "feedback",
            [
                said(
                    ml_model="m", decision_id=name, feedback_number=number, kind=kind, override_decision=override,
                    verdict="1" if kind == "verdict" else None,
                )
            ],
        )  # fmt: skip
    assert [(row["decision_id"], row["override_decision"]) for row in rows(connection, sql["overrides"])] == [
        ("d1", "offer")
    ]
    assert [(row["decision_id"], row["verdict"]) for row in rows(connection, sql["resolved"])] == [("d1", "1")]


def numeric_standard_error(table: np.ndarray) -> float:
    """By the delta method, with derivatives taken numerically: no formula in common with the macro."""
    n = table.sum()
    shares = table / n

    def kappa(p: np.ndarray) -> float:
        p = p / p.sum()
        expected = p.sum(axis=1) @ p.sum(axis=0)
        return (np.trace(p) - expected) / (1 - expected)

    gradient = np.zeros_like(shares)
    for cell in np.ndindex(shares.shape):
        step = np.zeros_like(shares)
        step[cell] = 1e-6
        gradient[cell] = (kappa(shares + step) - kappa(shares - step)) / 2e-6
    variance = (shares * gradient**2).sum() - (shares * gradient).sum() ** 2
    return float(np.sqrt(variance / n))


def test_agreement_is_that_of_scikit_learn(connection, sql):
    random = np.random.default_rng(5)
    truth = random.choice(list("abc"), size=200, p=[0.6, 0.3, 0.1])
    connection.execute(
        "insert into predictions (decision_id, ml_model) select 'd' || i, 'classes' from range(200) as t(i)"
    )
    answers = {}
    for reviewer, right in {"ana": 0.9, "ben": 0.7, "eva": 0.4}.items():
        guesses = random.choice(list("abc"), size=200)
        answers[reviewer] = np.where(random.random(200) < right, truth, guesses)
        judged = [number for number in range(200) if reviewer != "eva" or number < 80]
        insert(
            connection,
            "feedback",
            [
                said(
                    ml_model="classes",
                    decision_id=f"d{number}",
                    feedback_number=number,
                    kind="verdict",
                    verdict=str(answers[reviewer][number]),
                    reviewer=reviewer,
                )
                for number in judged
            ],
        )
    found = {(row["reviewer_a"], row["reviewer_b"]): row for row in rows(connection, sql["agreement"])}
    assert set(found) == {("ana", "ben"), ("ana", "eva"), ("ben", "eva")}
    for (one, other), row in found.items():
        n = 80 if "eva" in (one, other) else 200
        a, b = answers[one][:n], answers[other][:n]
        table = np.array([[np.sum((a == i) & (b == j)) for j in "abc"] for i in "abc"], dtype=float)
        assert row["n"] == n
        assert row["observed"] == pytest.approx(np.mean(a == b), abs=1e-12)
        assert row["kappa"] == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)
        assert row["std_error"] == pytest.approx(numeric_standard_error(table), rel=1e-5)
        assert row["ci_low"] < row["kappa"] < row["ci_high"] <= 1


def test_reviewers_who_give_one_answer_only_have_no_kappa(connection, sql):
    insert(connection, "predictions", [decision("d1")])
    for reviewer in ("ana", "ben"):
        insert(
            connection,
            "feedback",
            [said(ml_model="m", decision_id="d1", feedback_number=1, kind="verdict", reviewer=reviewer)],
        )
    (row,) = rows(connection, sql["agreement"])
    assert (row["n"], row["observed"], row["kappa"], row["std_error"]) == (1, 1.0, None, None)


def test_verdicts_become_labels_from_when_they_were_given(connection, sql):
    insert(connection, "predictions", [decision("d1"), decision("d2"), decision("d3"), decision("d4")])
    insert(
        connection,
        "labels",
        [
            {"customer_id": number, "as_of_date": AS_OF, "label": 0, "matured_at": "2026-02-15"}
            for number in (1, 2, 4)
        ],
    )
    words = [("d1", "2026-02-10", "1"), ("d2", "2026-03-02", "1"), ("d3", "2026-02-20", "1")]
    insert(
        connection,
        "feedback",
        [
            said(ml_model="m", decision_id=name, feedback_number=1, kind="verdict", given_at=at, verdict=verdict)
            for name, at, verdict in words
        ],
    )
    query = (
        "select customer_id, label, matured_at::date::varchar as matured_at, label_source from ({}) order by all"
    )
    measured = [(2, 0, "2026-02-15", "measured"), (4, 0, "2026-02-15", "measured")]
    replaced = [(1, 1, "2026-02-10", "feedback"), *measured]
    assert connection.execute(query.format(sql["labels"])).fetchall() == replaced
    assert connection.execute(query.format(sql["labels_at_first"])).fetchall() == [
        (1, *measured[0][1:]),
        *measured,
    ]
    completed = [*replaced[:2], (3, 1, "2026-02-20", "feedback"), replaced[2]]
    assert connection.execute(query.format(sql["labels_completed"])).fetchall() == completed
