"""`ml_experiments` against scipy and naive loops, on simulated decisions with repeated entities."""

from __future__ import annotations

import math
from collections import defaultdict

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Project
from scipy import stats

START = pd.Timestamp("2030-01-01")
MINIMUM_EFFECT = 0.02
RELATIVE = 1e-9


@pytest.fixture(scope="module")
def compiled(unbuilt_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The SQL of ml_experiments, as dbt compiles it."""
    project = unbuilt_sample.copy(tmp_path_factory.mktemp("experiments") / "project")
    project.declare(lambda declaration: declaration.update(experiment={"minimum_effect": MINIMUM_EFFECT}))
    project.dbt("compile", "--select", "ml_experiments")
    file = project.folder / "target/compiled/ml_ledger/models/monitoring/ml_experiments.sql"
    return file.read_text(encoding="utf-8")


def experiments(compiled: str, decisions: pd.DataFrame, events: pd.DataFrame) -> dict[tuple[str, str], dict]:
    """The rows of ml_experiments by ML model and arm, all ML models with the settings of repurchase."""
    names = "(select distinct ml_model from warehouse.main.ml_predictions) as names"
    query = compiled
    for text, instead in {
        "cast('repurchase' as TEXT) as ml_model": "names.ml_model",
        "as minimum_effect_text\n": f"as minimum_effect_text from {names}\n",
    }.items():
        assert text in query
        query = query.replace(text, instead, 1)
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse; use warehouse")
        connection.execute("create table ml_predictions as select * exclude (label) from decisions")
        connection.execute(
            "create table ml_outcomes as select ml_model, decision_id, label from decisions"
            " where label = label and entity_id is not null"
        )
        connection.execute("create table ml_deployment_events as select * from events")
        cursor = connection.execute(query)
        columns = [column[0] for column in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return {(row["ml_model"], row["arm"]): row for row in rows}


def simulated(
    seed: int,
    *,
    entities: int = 600,
    control_shares: tuple[float, ...] = (0.2, 0.2, 0.2, 0.2),
    challenger: float = 0.0,
    trend: float = 0.0,
    effect: float = 0.0,
    ml_model: str = "m",
    seen: float = 1.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decisions and events of an experiment with one run a month: labels of an entity are alike.

    seen: how likely an entity is decided about in a run. trend: what is added to the rate from run to run. effect: of
    the control group on the rate.
    """
    generator = np.random.default_rng(seed)
    bucket = generator.integers(0, 10_000, entities)
    rate = np.where(generator.random(entities) < 0.4, 0.85, 0.1)
    runs, events = [], []
    for run, control in enumerate(control_shares):
        decided_at = START + pd.DateOffset(months=run)
        slot = np.select(
            [bucket < control * 10_000, bucket < (control + challenger) * 10_000],
            ["control", "challenger"],
            "champion",
        )
        chance = np.clip(rate + trend * run + effect * (slot == "control"), 0, 1)
        runs.append(
            pd.DataFrame(
                {
                    "ml_model": ml_model,
                    "invocation_id": f"run {run}",
                    "entity_id": [f"e{number}" for number in range(entities)],
                    "slot": slot,
                    "version": pd.array(
                        np.select([slot == "control", slot == "challenger"], [-1, 7], 3), dtype="Int64"
                    ),
                    "decision_source": np.where(slot == "control", "control", "policy"),
                    "decided_at": decided_at,
                    "recorded_at": decided_at + pd.Timedelta(hours=2),
                    "label": (generator.random(entities) < chance).astype(float),
                }
            )[generator.random(entities) < seen]
        )
        if run == 0 or control != control_shares[run - 1]:
            events.append(event(ml_model, 2 * run, "control", None, control, decided_at))
        if run == 0 and challenger:
            events.append(event(ml_model, 1, "challenger", 7, challenger, decided_at))
    decisions = pd.concat(runs, ignore_index=True)
    decisions["decision_id"] = ml_model + decisions["invocation_id"] + decisions["entity_id"]
    return decisions, pd.DataFrame(events)


def event(ml_model: str, number: int, slot: str, version: int | None, share: float, at: pd.Timestamp) -> dict:
    return {
        "ml_model": ml_model,
        "event_number": number,
        "event": "deployed",
        "slot": slot,
        "version": pd.NA if version is None else version,
        "share": share,
        "valid_from": at,
        "recorded_at": at + pd.Timedelta(hours=1),
    }


def test_one_decision_per_entity_is_a_welch_test(compiled):
    decisions, events = simulated(1, entities=5_000, control_shares=(0.1,), effect=0.06)
    row = experiments(compiled, decisions, events)["m", "control"]
    control, champion = (decisions.loc[decisions["slot"] == slot, "label"] for slot in ("control", "champion"))
    variances = control.var(ddof=1), champion.var(ddof=1)
    error = math.sqrt(variances[0] / len(control) + variances[1] / len(champion))
    z = stats.ttest_ind(control, champion, equal_var=False).statistic
    width = stats.norm.ppf(0.975) * error
    assert row["difference"] == pytest.approx(control.mean() - champion.mean(), rel=RELATIVE)
    assert row["ci_low"] == pytest.approx(row["difference"] - width, rel=RELATIVE)
    assert row["ci_high"] == pytest.approx(row["difference"] + width, rel=RELATIVE)
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-7)
    # Textbook: n = (z + z)² (s² + s'² / k) / effect², where the other arm is k times as large.
    both = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    ratio = len(champion) / len(control)
    assert row["needed_n"] == math.ceil(both**2 * (variances[0] + variances[1] / ratio) / MINIMUM_EFFECT**2)
    assert row["still_needed"] == row["needed_n"] - len(control)
    count, expected = len(control), 0.1 * len(decisions)
    z = (count - expected) / math.sqrt(len(decisions) * 0.1 * 0.9)
    assert row["sample_ratio_z"] == pytest.approx(z, rel=RELATIVE)
    assert row["sample_ratio_p"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-7)


def test_repeated_entities_are_clusters(compiled):
    """With as many decisions about each entity, the means of entities are what Welch's test is of."""
    decisions, events = simulated(2, challenger=0.3)
    rows = experiments(compiled, decisions, events)
    means = {slot: part.groupby("entity_id")["label"].mean() for slot, part in decisions.groupby("slot")}
    for arm, slot in (("control", "control"), ("challenger_7", "challenger")):
        test = stats.ttest_ind(means[slot], means["champion"], equal_var=False)
        difference = means[slot].mean() - means["champion"].mean()
        assert rows["m", arm]["difference"] == pytest.approx(difference, rel=RELATIVE)
        assert rows["m", arm]["p_value"] == pytest.approx(2 * stats.norm.sf(abs(test.statistic)), rel=1e-7)
        assert (rows["m", arm]["n"], rows["m", arm]["entities"]) == (4 * len(means[slot]), len(means[slot]))


def test_shares_that_change_and_entities_that_move(compiled):
    """A naive loop over entities, some seen less often and some moved to another arm."""
    decisions, events = simulated(3, control_shares=(0.05, 0.05, 0.3, 0.3), trend=-0.04, seen=0.7)
    share = {f"run {run}": control for run, control in enumerate((0.05, 0.05, 0.3, 0.3))}
    sums: dict[str, dict[str, list[float]]] = {
        "control": defaultdict(lambda: [0, 0]),
        "champion": defaultdict(lambda: [0, 0]),
    }
    for decision in decisions.itertuples():
        chance = share[decision.invocation_id]
        weight = 1 / (chance if decision.slot == "control" else 1 - chance)
        sums[decision.slot][decision.entity_id][0] += weight
        sums[decision.slot][decision.entity_id][1] += weight * decision.label
    influence: dict[str, float] = defaultdict(float)
    means = {}
    for slot, sign in (("control", 1), ("champion", -1)):
        weights = sum(weight for weight, _ in sums[slot].values())
        means[slot] = sum(total for _, total in sums[slot].values()) / weights
        correction = math.sqrt(len(sums[slot]) / (len(sums[slot]) - 1))
        for entity, (weight, total) in sums[slot].items():
            influence[entity] += sign * correction * (total - means[slot] * weight) / weights
    error = math.sqrt(sum(value**2 for value in influence.values()))
    row = experiments(compiled, decisions, events)["m", "control"]
    assert row["mean"] == pytest.approx(means["control"], rel=RELATIVE)
    assert row["champion_mean"] == pytest.approx(means["champion"], rel=RELATIVE)
    assert (row["ci_high"] - row["ci_low"]) / 2 == pytest.approx(stats.norm.ppf(0.975) * error, rel=RELATIVE)
    counts = decisions.groupby("invocation_id").size()
    assert row["expected_decisions"] == pytest.approx(sum(share[run] * count for run, count in counts.items()))


@pytest.mark.parametrize(
    "design",
    [{"effect": 0.05}, {"control_shares": (0.1, 0.1, 0.4, 0.4), "trend": -0.04, "seen": 0.8}],
    ids=["steady", "changing"],
)
def test_intervals_cover_and_sample_ratios_do_not_alarm(compiled, design):
    experiments_run = 250
    simulations = [simulated(seed, entities=400, ml_model=f"m{seed}", **design) for seed in range(experiments_run)]
    decisions, events = (pd.concat(parts, ignore_index=True) for parts in zip(*simulations, strict=True))
    rows = experiments(compiled, decisions, events)
    control = [row for (_, arm), row in rows.items() if arm == "control"]
    assert len(control) == experiments_run
    effect = design.get("effect", 0)
    covered = np.mean([row["ci_low"] <= effect <= row["ci_high"] for row in control])
    assert 0.915 <= covered <= 0.985
    assert abs(np.mean([row["difference"] for row in control]) - effect) < 0.006
    if "trend" not in design:
        # Intervals that took decisions for independent would not do.
        spread = [math.sqrt(row["mean"] * (1 - row["mean"]) / row["n"]) for row in control]
        naive = np.mean(
            [abs(row["mean"] - 0.4 - effect) < 1.96 * s for row, s in zip(control, spread, strict=True)]
        )
        assert naive < 0.85
    p = np.array([row["sample_ratio_p"] for row in rows.values() if row["slot"] == "control"])
    assert np.mean(p < 0.05) < 0.09
    assert np.sum(p < 0.001) <= 2


@pytest.mark.parametrize(("lost", "named"), [(0.3, "control"), (1.0, "champion")])
def test_an_arm_that_lost_decisions_is_found(compiled, lost, named):
    decisions, events = simulated(4, entities=5_000)
    kept = (decisions["slot"] != "control") | (np.random.default_rng(5).random(len(decisions)) >= lost)
    rows = experiments(compiled, decisions[kept], events)
    assert rows["m", named]["sample_ratio_p"] < 0.001
    for row in rows.values():
        assert row["verdict"] == "the arms are not of the declared sizes: do not read the result"
    untouched = experiments(compiled, decisions, events)
    assert untouched["m", "control"]["sample_ratio_p"] > 0.001


def test_only_decisions_of_the_experiment_count(compiled):
    decisions, events = simulated(6, control_shares=(0.2,) * 5)
    # Run 0 was before the control group was known, though at the same business time; all was paused in run 1; of run 2
    # a person was erased, and of run 4 no label has matured.
    decisions.loc[decisions["invocation_id"] == "run 0", "recorded_at"] = START
    paused = (decisions["invocation_id"] == "run 1") & (decisions["slot"] == "champion")
    decisions.loc[paused, "decision_source"] = "paused"
    decisions.loc[decisions["entity_id"].eq("e3") & decisions["invocation_id"].eq("run 2"), "entity_id"] = None
    decisions.loc[decisions["invocation_id"] == "run 4", "label"] = float("nan")
    shadow = decisions.assign(
        slot="shadow", version=9, decision_id="shadow " + decisions["decision_id"], label=1.0
    )
    rows = experiments(compiled, pd.concat([decisions, shadow]), events)
    assert set(rows) == {("m", "control"), ("m", "champion")}
    counted = decisions[
        decisions["invocation_id"].isin(["run 2", "run 3", "run 4"]) & decisions["entity_id"].notna()
    ]
    matured = counted[counted["label"].notna()]
    for slot in ("control", "champion"):
        row, part = rows["m", slot], matured[matured["slot"] == slot]
        assert row["decisions"] == (counted["slot"] == slot).sum()
        assert row["expected_decisions"] == pytest.approx(len(counted) * (0.2 if slot == "control" else 0.8))
        assert (row["n"], row["entities"]) == (len(part), part["entity_id"].nunique())
        assert row["mean"] == pytest.approx(part["label"].mean(), rel=RELATIVE)
        assert row["champion_versions"] == "3"
        assert (row["first_decided_at"], row["last_decided_at"]) == (
            START + pd.DateOffset(months=2),
            START + pd.DateOffset(months=4),
        )


def test_entities_that_come_one_by_one(compiled):
    """A run about one entity says what its arms are, whichever arm the entity fell to."""
    decisions, events = simulated(7, entities=2_000, control_shares=(0.1,))
    decisions["invocation_id"] = decisions["entity_id"]
    row = experiments(compiled, decisions, events)["m", "control"]
    assert row["expected_decisions"] == 200
    assert row["sample_ratio_p"] > 0.01
    assert row["n"] + row["champion_n"] == 2_000


def test_verdicts(compiled):
    def verdict(seed, **design):
        return experiments(compiled, *simulated(seed, **design))["m", "control"]

    row = verdict(8, entities=5_000, effect=0.2)
    assert row["verdict"] == f"higher by {row['difference']:.4f} ({row['ci_low']:.4f} to {row['ci_high']:.4f})"
    row = verdict(8, entities=5_000, effect=-0.1)
    assert row["verdict"] == f"lower by {-row['difference']:.4f} ({-row['ci_high']:.4f} to {-row['ci_low']:.4f})"
    row = verdict(9, entities=600)
    about = math.ceil(row["still_needed"] / 100) * 100
    assert row["verdict"] == (
        f"no difference shown ({row['ci_low']:.4f} to {row['ci_high']:.4f});"
        f" about {about:,} more outcomes needed to see 0.02"
    )
    row = verdict(9, entities=40_000)
    assert row["still_needed"] == 0
    assert row["verdict"].endswith("; there were enough outcomes to see 0.02")
    assert verdict(10, entities=100)["verdict"] == "waiting for outcomes"
    rows = experiments(compiled, *simulated(10))
    assert rows["m", "champion"]["verdict"] == "what the other arms are compared with"
