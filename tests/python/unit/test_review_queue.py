"""The chance of each decision to be looked at is the one that is written down, and weighing by it gives the truth."""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pytest
from package_project import relation
from people_project import DECLARATION, compiled, create_tables, insert

RUNS = 300  # draws from the same 1,200 decisions
SIZE = 1200
THRESHOLD = 0.5
# Standard errors of the mean over RUNS within which it must be that of the population. The bias of a ratio of two
# estimates is smaller than that with the 141 decisions that are reviewed in a run.
MONTE_CARLO = 4.0
REVIEW = {
    "random_per_period": 60,
    "close_to_threshold": {"within": 0.05, "at_most": 30},
    "disagreements": 30,
    "high_value": {"column": "amount", "at_most": 15},
    "rejected": 15,
}
ML_MODELS = {
    "m": DECLARATION | {"review": REVIEW, "monitoring": {"period": "month"}},
    "daily": DECLARATION | {"review": {"random_per_period": 45, "rejected": 3}, "monitoring": {"period": "month"}},
    "price": DECLARATION | {"task": "regression", "review": {"random_per_period": 60}},
}
PREDICTIONS, QUEUE, FEEDBACK = relation("predictions"), relation("queue"), relation("feedback")
MODELS = {
    "drawn": f"{{{{ ml_ledger.drawn_for_review('m', {PREDICTIONS}, none) }}}}",
    "drawn_again": f"{{{{ ml_ledger.drawn_for_review('m', {PREDICTIONS}, {QUEUE}) }}}}",
    "drawn_daily": f"{{{{ ml_ledger.drawn_for_review('daily', {PREDICTIONS}, {QUEUE}) }}}}",
    "performance": f"{{{{ ml_ledger.reviewed_performance({QUEUE}, {PREDICTIONS}, {FEEDBACK}) }}}}",
}


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return compiled(tmp_path_factory.mktemp("review"), ML_MODELS, MODELS)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        create_tables(connection)
        yield connection


@pytest.fixture(scope="module")
def population() -> dict[str, np.ndarray]:
    """Decisions of which those near the threshold, of high amounts, and rejected, have labels unlike the rest."""
    random = np.random.default_rng(8)
    score = random.beta(1.2, 2.5, SIZE)
    amount = random.integers(0, 25, SIZE)  # many are equal
    chance = np.clip(score - 0.15 * (np.abs(score - THRESHOLD) < 0.05) + 0.3 * (amount > 22), 0, 1)
    rejected = random.random(SIZE) < 0.05
    chance = np.where(rejected, 0.9, chance)
    return {
        "score": score,
        "amount": amount,
        "rejected": rejected,
        "label": (random.random(SIZE) < chance).astype(int),
        "other": np.clip(score + random.normal(0, 0.1, SIZE), 0, 1),
    }


def decide(connection, population: dict[str, np.ndarray]) -> None:
    """The same decisions in each of RUNS runs, by version 1, 2, …; a shadow scores all of them, too."""
    connection.execute(
        "create table population (i integer, score double, amount integer, rejected bool, label integer, other double)"
    )
    columns = [population[name].tolist() for name in ("score", "amount", "rejected", "label", "other")]
    rows = list(zip(range(SIZE), *columns, strict=True))
    connection.executemany("insert into population values (?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        "insert into predictions by name select md5(concat_ws('|', slot, run, i)) as decision_id, 'm' as ml_model,"
        " concat_ws('-', run, i) as entity_id, timestamp '2026-02-01' as as_of, slot, run as version,"
        " if(rejected, 'rejected', 'scored') as status,"
        " case when not rejected then if(slot = 'shadow', other, score) end as score,"
        f" {THRESHOLD} as threshold,"
        " if(slot = 'shadow', 'none', if(rejected, 'fallback', 'policy')) as decision_source,"
        " to_json({amount: amount}) as features, 'run' || run as invocation_id"
        f" from population, range(1, {RUNS + 1}) as runs(run), (values ('champion'), ('shadow')) as slots(slot)"
    )


def review(connection, sql: dict[str, str]) -> None:
    """Draw, and look at all that was drawn."""
    connection.execute(
        f"insert into queue by name select * exclude (recorded_at, invocation_id) from ({sql['drawn']})"
    )
    connection.execute(
        "insert into feedback (ml_model, decision_id, feedback_number, reviewer, kind, verdict, given_at)"
        " select 'm', decision_id, row_number() over (), 'eva', 'verdict', label, timestamp '2026-02-02'"
        " from queue join predictions using (decision_id) join population on i = split_part(entity_id, '-', 2)::int"
    )


def assert_is_the_mean(estimates: np.ndarray, truth: float) -> None:
    error = estimates.std(ddof=1) / np.sqrt(len(estimates))
    assert abs(estimates.mean() - truth) < MONTE_CARLO * error, (estimates.mean(), truth, error)


def test_what_reviewers_find_weighed_is_what_is_true_of_all_decisions(connection, sql, population):
    decide(connection, population)
    review(connection, sql)
    label, flagged = population["label"], (population["score"] >= THRESHOLD) & ~population["rejected"]
    truth = {
        "base_rate": label.mean(),
        "precision": label[flagged].mean(),
        "recall": flagged[label == 1].mean(),
        "accuracy": np.mean(label == flagged),
    }
    found = connection.execute(sql["performance"]).fetchdf()
    assert set(found.metric) == set(truth) and len(found) == RUNS * len(truth)
    for metric, true in truth.items():
        rows = found[found.metric == metric]
        assert_is_the_mean(rows.value.to_numpy(), true)
        error = rows.unweighted.std() / np.sqrt(RUNS)
        assert abs(rows.unweighted.mean() - true) > 10 * error, f"{metric}: without weights it is right as well"
        covered = np.mean((rows.ci_low <= true) & (true <= rows.ci_high))
        assert covered > 0.9, (metric, covered)
    assert (found.queued == found.reviewed).all() and (found.n <= found.queued).all()


def test_the_chance_written_down_is_that_of_being_drawn(connection, sql, population):
    """The inverse chances of those drawn add up to everybody, in every part of the population."""
    decide(connection, population)
    connection.execute(f"create table drawn as {sql['drawn']}")
    weights = connection.execute(
        "select version, i, 1 / inclusion_probability from drawn join predictions using (decision_id)"
        " join population on i = split_part(entity_id, '-', 2)::int"
    ).fetchnumpy()
    run, i, weight = weights.values()
    assert weight.min() >= 1
    amount, score = population["amount"], population["score"]
    close = (np.abs(score - THRESHOLD) <= 0.05) & ~population["rejected"]
    differs = ((score >= THRESHOLD) != (population["other"] >= THRESHOLD)) & ~population["rejected"]
    top = amount == amount.max()
    assert top.sum() > REVIEW["high_value"]["at_most"], "some of the highest amount must be left out"
    parts = {
        "all": np.ones(SIZE, dtype=bool),
        "close": close & ~differs,
        "differs": differs & ~close,
        "both": close & differs,
        "rejected": population["rejected"],
        "top": top & ~population["rejected"],
        "none": ~(close | differs | top | population["rejected"]),
    }
    for name, part in parts.items():
        totals = np.array([weight[(run == number) & part[i]].sum() for number in range(1, RUNS + 1)])
        assert part.sum() > 5, name
        assert_is_the_mean(totals, part.sum())
    sizes = np.bincount(run)[1:]
    assert sizes.min() > 100 and sizes.max() <= 60 + 30 + 30 + 15 + 15


def test_a_run_is_drawn_from_once_and_keeps_its_chances(connection, sql, population):
    rows = [
        {
            "decision_id": f"{run}{number}", "ml_model": "m", "entity_id": f"{run}{number}", "slot": "champion",
            "as_of": "2026-02-01", "score": number / 100, "threshold": THRESHOLD, "status": "scored",
            "features": '{"amount": 1}', "invocation_id": run,
        }
        for run in ("a", "b") for number in range(100)
    ]  # fmt: skip
    insert(connection, "predictions", rows[:100])
    draw = "insert into queue by name select * exclude (recorded_at, invocation_id) from ({})"
    connection.execute(draw.format(sql["drawn"]))
    first = connection.execute("select * from queue order by all").fetchall()
    connection.execute(draw.format(sql["drawn_again"]))
    assert connection.execute("select * from queue order by all").fetchall() == first
    insert(connection, "predictions", rows[100:])
    connection.execute(draw.format(sql["drawn_again"]))
    kept = connection.execute("select * from queue where predicted_by = 'a' order by all").fetchall()
    assert kept == first
    assert connection.execute("select count(*) > 50 from queue where predicted_by = 'b'").fetchone() == (True,)


def test_runs_share_the_number_of_a_period(connection, sql):
    """45 per month, scored daily: 1.45 or 1.6 a day, always with its chance; the first run stands for a month."""
    for number in range(59):  # January and February
        connection.execute(
            "insert into predictions (decision_id, ml_model, entity_id, as_of, slot, status, invocation_id)"
            f" select md5('{number}-' || i), 'daily', i, timestamp '2026-01-01' + interval ({number}) day, 'champion',"
            f" if(i = 0, 'rejected', 'scored'), 'run{number}' from range(100) as t(i)"
        )
    drawn: list[dict[str, Any]] = connection.execute(sql["drawn_daily"]).fetchdf().to_dict("records")
    by_month = {month: [row for row in drawn if row["period_start"].month == month] for month in (1, 2)}
    # One rejected row a day, always drawn.
    assert all(row["inclusion_probability"] == 1 for row in drawn if "rejected" in row["because"])
    sampled = {month: [row for row in rows if "random" in row["because"]] for month, rows in by_month.items()}
    assert len({row["predicted_by"] for row in drawn}) == 59
    first = [row for row in sampled[1] if row["predicted_by"] == "run0"]
    assert len(first) == 45
    assert {round(row["inclusion_probability"], 12) for row in sampled[2] if "rejected" not in row["because"]} == {
        round(45 / 28 / 100, 12)
    }
    assert 28 <= len(sampled[2]) <= 56 and abs(len(sampled[2]) - 45) < 4 * np.sqrt(28 * 0.25)
