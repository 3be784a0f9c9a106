"""Likely mislabels and weak slices, on planted faults: found, ranked first, and explained."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from training_sets import assess, clean, serious

from ml_ledger.quality.checks.mislabels import confident_learning, far_residuals, share_by_accident
from ml_ledger.quality.checks.slice_search import Grouping, find_weak_slices
from ml_ledger.quality.sample_out_of_fold import entity_folds, predicted_out_of_fold

PLANTED, FIRST, LEAST = 30, 60, 20


def mislabels(findings):
    (row,) = [row for row in findings if row["check_name"] == "mislabels"]
    return row, [item["id"] for item in json.loads(row["rows_to_inspect"])]


def weak(findings):
    return [row for row in findings if row["check_name"] == "weak_slice"]


def flipped(columns, seed):
    """Thirty labels of the train split exchanged, and where."""
    train = np.flatnonzero(columns["_ml_split"] == "train")
    places = np.random.default_rng(seed).choice(train, PLANTED, replace=False)
    columns["bought"] = columns["bought"].copy()
    columns["bought"][places] = 1 - columns["bought"][places]
    return set(places.tolist())


def test_thirty_mislabels_of_breast_cancer():
    data = load_breast_cancer()
    columns = {f"x{place}": data.data[:, place] for place in range(30)} | {"bought": data.target}
    columns["_ml_split"] = np.where(np.arange(len(data.target)) % 5 == 4, "holdout", "train")
    planted = flipped(columns, 0)
    row, suspects = mislabels(assess(columns))
    assert len(planted & set(suspects[:FIRST])) >= LEAST
    assert (row["severity"], row["rank"]) in {("error", 1), ("warn", 1)}


def test_thirty_mislabels_of_a_set_that_is_clear():
    rng = np.random.default_rng(1)
    columns = {f"x{place}": rng.normal(size=3000) for place in range(5)}
    columns["bought"] = (2 * columns["x0"] - columns["x1"] + columns["x0"] * columns["x2"] > 0).astype(int)
    columns["_ml_split"] = np.where(np.arange(3000) % 4 == 3, "holdout", "train")
    planted = flipped(columns, 1)
    row, suspects = mislabels(assess(columns))
    assert len(planted & set(suspects[:FIRST])) >= LEAST
    assert row["severity"] == "warn"
    assert "no row of the same entity" in row["evidence"]
    likelier = {item["id"]: item["likelier"] for item in json.loads(row["rows_to_inspect"])}
    assert all(str(1 - columns["bought"][place]) == likelier[place] for place in planted & set(suspects))


def test_mislabels_among_outcomes_of_chance_are_told_by_the_entitys_other_rows():
    # As in the shipped project: the label, orders of the next 3 months, is hard to predict; three months later it is a
    # feature. Without that the planted labels would hide among surprises.
    rng = np.random.default_rng(2)
    entities, months = 800, 8
    rate = rng.gamma(1.0, 0.4, entities)
    orders = rng.poisson(rate[:, None], (entities, months + 6))
    recent = np.stack([orders[:, month : month + 3].sum(axis=1) for month in range(months)], axis=1)
    label = np.stack([orders[:, month + 3 : month + 6].sum(axis=1) > 0 for month in range(months)], axis=1)
    month = np.tile(np.arange(months), entities)
    columns = {
        "id": np.repeat(np.arange(entities), months) * 100,
        "recent": recent.ravel(),
        "noise": rng.normal(size=entities * months),
        "bought": label.ravel().astype(int),
        "_ml_split": np.where(month == months - 1, "holdout", "train"),
        "month": np.array([f"2024-{1 + number:02d}-01" for number in month], dtype="datetime64[D]"),
    }
    planted = flipped(columns, 2)
    row, _ = mislabels(assess(columns))
    found = [(item["id"], item["month"]) for item in json.loads(row["rows_to_inspect"])]
    keys = {(int(columns["id"][place]), str(columns["month"][place])) for place in planted}
    assert len(keys & set(found[:FIRST])) >= LEAST
    assert "the entity's rows at neighbouring as-of dates" in row["evidence"]


def test_labels_of_a_regression_that_lost_their_decimal_point():
    columns = clean(2, rows=1600, task="regression")
    places = [0, 4, 8, 12]
    columns["bought"][places] *= 10
    row, suspects = mislabels(assess(columns, task="regression"))
    assert (set(suspects), row["severity"]) == (set(places), "warn")


def test_confident_learning_is_that_of_a_naive_loop():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], 400)
    label = np.array([rng.choice(3, p=p) for p in probabilities]).astype(float)
    label[:20] = (label[:20] + 1) % 3
    thresholds = [np.mean([p[k] for p, y in zip(probabilities, label, strict=True) if y == k]) for k in range(3)]
    expected = {}
    for place, (p, y) in enumerate(zip(probabilities, label.astype(int), strict=True)):
        above = [k for k in range(3) if p[k] >= thresholds[k]]
        if above:
            counted = max(above, key=lambda k: p[k])
            margin = p[y] - max(p[k] for k in range(3) if k != y)
            if counted != y and margin < 0:
                expected[place] = margin
    found = confident_learning(label, probabilities)
    assert found.positions.tolist() == sorted(expected, key=lambda place: expected[place])
    assert found.margins == pytest.approx(sorted(expected.values()))


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_the_share_of_exchanged_labels_is_estimated_though_probabilities_are_too_sure(share):
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 4, 20_000)
    label = (rng.random(20_000) < 1 / (1 + np.exp(-odds))).astype(float)
    label = np.where(rng.random(20_000) < share, 1 - label, label)
    p = 1 / (1 + np.exp(-2 * odds))
    estimate, sure = share_by_accident(label, np.column_stack([1 - p, p]))
    assert estimate == pytest.approx(share, abs=0.004)
    assert (sure > 100) is (share > 0)


def test_residuals_are_judged_by_the_spread_of_similar_predictions():
    rng = np.random.default_rng(0)
    predicted = rng.uniform(1, 100, 2000)
    label = predicted * (1 + rng.normal(0, 0.05, 2000))
    small = int(np.argmin(np.abs(predicted - 3)))
    label[small] += 5  # little among large amounts, much for this one
    assert far_residuals(label, predicted, 8.0).positions.tolist() == [small]


def test_all_rows_of_an_entity_are_in_one_fold():
    entities = np.repeat(np.arange(50), 7).astype(np.uint64)
    fold = entity_folds(entities, 3, rows=350)
    assert len(set(zip(entities.tolist(), fold.tolist(), strict=True))) == 50
    assert sorted(np.unique(fold, return_counts=True)[1].tolist()) == [70] * 5
    assert (entity_folds(entities, 3, rows=350) == fold).all()
    assert (entity_folds(entities, 4, rows=350) != fold).any()


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_planted_weak_slice_ranks_first(task):
    columns = clean(4, rows=3000, task=task)
    rng = np.random.default_rng(4)
    part = (columns["region"] == "south") & (columns["visits"] > 3)
    columns["bought"][part] = rng.permutation(columns["bought"][part])
    if task != "regression":
        columns["bought"][part] = rng.choice(np.unique(columns["bought"]), part.sum())
    findings = assess(columns, task=task)
    first = next(row for row in findings if row["severity"] != "info")
    assert (first["check_name"], first["rank"]) == ("weak_slice", 1), serious(findings)
    assert "region = south" in first["subject"]
    assert "visits > 4" in first["subject"] or "visits" in first["subject"]
    worst = json.loads(first["rows_to_inspect"])
    assert all(row["region"] == "south" for row in worst)
    assert [row["loss"] for row in worst] == sorted((row["loss"] for row in worst), reverse=True)


def nothing_is_promised(loss):
    return lambda members: loss[members]


def test_a_small_slice_with_much_noise_does_not_win():
    rng = np.random.default_rng(0)
    loss = rng.exponential(0.2, 2000)
    kind = np.repeat(np.arange(20), 100)
    loss[kind == 3] += 0.4
    loss[np.flatnonzero(kind == 7)[:45]] += rng.normal(0.5, 3, 45)
    groups = [Grouping(kind, [f"kind = {number}" for number in range(20)])]
    found = find_weak_slices(groups, loss, np.arange(2000).astype(np.uint64), nothing_is_promised(loss))
    assert [part.words for part in found] == ["kind = 3"]
    assert found[0].tried == 20
    assert found[0].low < 0.4 < found[0].high


@pytest.mark.parametrize(("beyond", "is_weak"), [(0.2, False), (0.35, True)])
def test_a_slice_is_weak_where_the_other_rows_promise_better_and_else_only_hard(beyond, is_weak):
    rng = np.random.default_rng(0)
    loss = rng.exponential(0.2, 2000)
    kind = np.repeat(np.arange(4), 500)
    loss[kind == 3] += 0.4
    groups = [Grouping(kind, [f"kind = {number}" for number in range(4)])]

    def excess(members):
        return np.full(int(members.sum()), beyond)

    (found,) = find_weak_slices(groups, loss, np.arange(2000).astype(np.uint64), excess)
    assert (found.words, found.is_weak) == ("kind = 3", is_weak)


def test_chance_makes_no_slice_though_hundreds_are_tried():
    wrong = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        loss = rng.exponential(1, 1500)
        groups = [
            Grouping(rng.integers(0, 5, 1500), [f"f{name} = {number}" for number in range(5)]) for name in range(6)
        ]
        found = find_weak_slices(groups, loss, np.arange(1500).astype(np.uint64), nothing_is_promised(loss))
        wrong += bool(found)
    assert wrong <= 2


def test_rows_of_one_entity_count_as_one():
    rng = np.random.default_rng(0)
    entities = np.repeat(np.arange(100), 20).astype(np.uint64)
    loss = np.repeat(rng.exponential(1, 100), 20)
    groups = [Grouping((entities % 10).astype(np.int64), [f"g = {number}" for number in range(10)])]
    assert find_weak_slices(groups, loss, entities, nothing_is_promised(loss)) == []
    alone = np.arange(2000).astype(np.uint64)
    assert find_weak_slices(groups, loss, alone, nothing_is_promised(loss)) != []


def test_a_column_without_a_value_in_some_fold_is_no_obstacle():
    """As the entity's later rows are where a history is short."""
    random = np.random.default_rng(2)
    x = random.normal(size=200)
    later = np.where(np.arange(200) == 7, 1.0, np.nan)  # whichever fold has this row, others train without a value
    predicted = predicted_out_of_fold(
        "binary",
        np.column_stack([x, later]),
        (x > 0).astype(float),
        np.array([str(i) for i in range(200)]),
        is_level=np.array([False, False]),
        classes=2,
        seed=0,
    )
    assert np.mean((predicted[:, 1] > 0.5) == (x > 0)) > 0.95
