"""Metrics of one probability per class."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)
from test_metrics import TOLERANCE, assert_mean, assert_share, found, measured, values

CLASSES = ["red", "green", "blue"]


def data(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    score = np.round(random.dirichlet([2, 1, 1], n) * 8)  # of few values, so that there are ties
    score /= score.sum(axis=1, keepdims=True)
    label = np.array([random.choice(3, p=0.8 * p + 0.2 / 3) for p in score])
    return label.astype(float), score


@pytest.mark.parametrize("seed", range(5))
def test_metrics_agree_with_scikit_learn(seed):
    label, score = data(seed)
    worse = (score + 1 / 3) / 2
    metrics = measured("multiclass", label, {"self": score, "baseline:b": worse}, classes=CLASSES)
    for scored_by, p in {"self": score, "baseline:b": worse}.items():
        predicted = np.argmax(p, axis=1)
        expected = {
            "scored_share": 1.0,
            "log_loss": log_loss(label, p),
            "accuracy": accuracy_score(label, predicted),
            "macro_f1": f1_score(label, predicted, average="macro"),
            "brier": brier_score_loss(label, p),
            "roc_auc": roc_auc_score(label, p, multi_class="ovr"),
        }
        got = values(metrics, scored_by)
        assert {name: got[name] for name in expected} == pytest.approx(expected, abs=TOLERANCE)
        for k, name in enumerate(CLASSES):
            expected = {
                "roc_auc": roc_auc_score(label == k, p[:, k]),
                "precision": precision_score(label == k, predicted == k),
                "recall": recall_score(label == k, predicted == k),
            }
            assert values(metrics, scored_by, f"class {name}") == pytest.approx(expected, abs=TOLERANCE)


def test_intervals():
    label, score = data(1)
    metrics = measured("multiclass", label, {"self": score}, classes=CLASSES)
    predicted = np.argmax(score, axis=1)
    assert_share(found(metrics)["accuracy"], (predicted == label).sum(), 500)
    of_label = score[np.arange(500), label.astype(int)]
    assert_mean(found(metrics)["log_loss"], -np.log(np.clip(of_label, np.finfo(float).eps, 1)))
    assert_mean(found(metrics)["brier"], np.sum((score - np.eye(3)[label.astype(int)]) ** 2, axis=1))
    for k, name in enumerate(CLASSES):
        got, right = found(metrics, part=f"class {name}"), ((predicted == k) & (label == k)).sum()
        assert_share(got["precision"], right, (predicted == k).sum())
        assert_share(got["recall"], right, (label == k).sum())
        assert_share(found(metrics, "label", f"class {name}")["base_rate"], (label == k).sum(), 500)
    auc = found(metrics, part="class red")["roc_auc"]
    as_binary = found(measured("binary", (label == 0).astype(float), {"self": score[:, 0]}))["roc_auc"]
    assert (auc.ci_low, auc.ci_high) == pytest.approx((as_binary.ci_low, as_binary.ci_high), abs=TOLERANCE)


def test_a_reduction_is_paired_row_by_row():
    label, score = data(3)
    score = (score + 0.1) / 1.3
    worse = (score + 1 / 3) / 2
    worse[:7, 1] = np.nan
    metrics = measured("multiclass", label, {"self": score, "baseline:b": worse}, classes=CLASSES)
    of_label = (np.arange(500), label.astype(int))
    per_row = np.log(score[of_label]) - np.log(worse[of_label])
    assert_mean(found(metrics, "baseline:b")["log_loss_reduction"], per_row[7:])


def test_a_class_that_does_not_occur_has_no_area_and_no_recall():
    label, score = data(2)
    label = np.minimum(label, 1.0)
    metrics = measured("multiclass", label, {"self": score}, classes=CLASSES)
    assert set(values(metrics, part="class blue")) == {"precision"}
    assert values(metrics, "label", "class blue") == {"base_rate": 0.0}
    assert values(metrics)["roc_auc"] == pytest.approx(
        np.mean([roc_auc_score(label == k, score[:, k]) for k in (0, 1)]), abs=TOLERANCE
    )


def test_one_missing_probability_leaves_the_row_unscored():
    label, score = data(4)
    score[:50, 2] = np.nan
    metrics = measured("multiclass", label, {"self": score}, classes=CLASSES)
    without = measured("multiclass", label[50:], {"self": score[50:]}, classes=CLASSES)
    assert_share(found(metrics)["scored_share"], 450, 500)
    assert values(metrics) == pytest.approx(values(without) | {"scored_share": 0.9}, abs=TOLERANCE)


def test_equal_probabilities_predict_the_first_class():
    metrics = measured("multiclass", np.array([0.0, 1.0]), {"self": np.full((2, 3), 1 / 3)}, classes=CLASSES)
    assert values(metrics, part="class red")["recall"] == 1.0
    assert values(metrics, part="class green")["recall"] == 0.0
