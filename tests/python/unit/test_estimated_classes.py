"""What metrics and value are to be expected of calibrated class probabilities, against labels drawn from them."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, precision_score, recall_score, roc_auc_score

from ml_ledger.declaration.decision import ValueSpec
from ml_ledger.monitoring.estimated.estimated_multiclass import estimated_multiclass
from ml_ledger.monitoring.estimated.estimated_value import estimated_value_of_classes

CLASSES = ["basic", "plus", "o'ne"]
ROWS, DRAWS = 500, 400


@pytest.fixture(scope="module")
def probability() -> np.ndarray:
    """Skewed, with ties, as probabilities are."""
    counts = np.random.default_rng(1).multinomial(
        20, np.random.default_rng(2).dirichlet([2, 0.9, 0.5], ROWS), size=ROWS
    )
    smoothed = counts + 0.5
    return smoothed / smoothed.sum(axis=1, keepdims=True)


def drawn_labels(probability: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return (random.random((len(probability), 1)) > probability.cumsum(axis=1)[:, :-1]).sum(axis=1)


def realised(p: np.ndarray, label: np.ndarray) -> dict[tuple[str, str], float]:
    decided, is_class = p.argmax(axis=1), np.eye(3)[label]
    each = {"labels": [0, 1, 2], "average": None}
    found = {
        ("log_loss", "all"): log_loss(label, p, labels=[0, 1, 2]),
        ("brier", "all"): ((p - is_class) ** 2).sum(axis=1).mean(),
        ("accuracy", "all"): (decided == label).mean(),
        ("macro_f1", "all"): f1_score(label, decided, labels=[0, 1, 2], average="macro"),
        ("roc_auc", "all"): np.mean([roc_auc_score(is_class[:, k], p[:, k]) for k in range(3)]),
    }
    for k, name in enumerate(CLASSES):
        part = f"class {name}"
        found["base_rate", part] = is_class[:, k].mean()
        found["roc_auc", part] = roc_auc_score(is_class[:, k], p[:, k])
        found["precision", part] = precision_score(label, decided, **each)[k]
        found["recall", part] = recall_score(label, decided, **each)[k]
    return found


@pytest.fixture(scope="module")
def drawn(probability) -> dict[tuple[str, str], np.ndarray]:
    random = np.random.default_rng(3)
    runs = [realised(probability, drawn_labels(probability, random)) for _ in range(DRAWS)]
    return {key: np.array([run[key] for run in runs]) for key in runs[0]}


def test_the_expected_value_is_the_mean_over_labels_drawn_from_the_probabilities(probability, drawn):
    expected = {(row.metric, row.slice): row.estimate for row in estimated_multiclass(probability, CLASSES)}
    assert set(expected) == set(drawn)
    for key, values in drawn.items():
        # Ratios are biased by about 1 / n.
        error = 4 * values.std() / np.sqrt(DRAWS) + 0.003 * values.mean()
        assert expected[key].value == pytest.approx(values.mean(), abs=error), key


def test_the_interval_holds_the_realised_value_in_95_of_100_draws(probability, drawn):
    for row in estimated_multiclass(probability, CLASSES):
        if (row.metric, row.slice) in (("macro_f1", "all"), ("roc_auc", "all")):
            assert row.estimate.ci_low is None
            continue
        values = drawn[row.metric, row.slice]
        inside = np.mean((values >= row.estimate.ci_low) & (values <= row.estimate.ci_high))
        assert 0.92 <= inside <= 0.98, (row.metric, row.slice, inside)


def test_a_class_that_became_rare_falls_out_of_the_interval(probability):
    moved = probability * np.array([1, 1, 0.2])
    label = drawn_labels(moved / moved.sum(axis=1, keepdims=True), np.random.default_rng(4))
    found = realised(probability, label)
    expected = {(row.metric, row.slice): row.estimate for row in estimated_multiclass(probability, CLASSES)}
    for key in (("base_rate", "class o'ne"), ("precision", "class o'ne")):
        assert not expected[key].ci_low <= found[key] <= expected[key].ci_high, key


def test_no_rows_and_a_class_that_is_never_predicted():
    assert list(estimated_multiclass(np.zeros((0, 3)), CLASSES)) == []
    assert (
        list(estimated_value_of_classes(np.zeros((0, 3)), {"self": np.zeros((0, 3))}, ValueSpec(unit="x"))) == []
    )
    found = {(row.metric, row.slice) for row in estimated_multiclass(np.array([[0.5, 0.5, 0.0]] * 2), CLASSES)}
    assert ("precision", "class basic") in found, "the first of equals is predicted"
    assert ("precision", "class plus") not in found


def test_value_is_the_mean_over_drawn_labels_and_its_interval_holds_95_of_100(probability):
    random = np.random.default_rng(5)
    other = random.dirichlet([1, 1, 1], ROWS)
    other[:60, 1] = np.nan
    scores = {"self": probability, "baseline:b": other}
    spec = ValueSpec(unit="dollars", correct=4, wrong=-3)
    expected = {
        (row.scored_by, row.metric): row.estimate for row in estimated_value_of_classes(probability, scores, spec)
    }
    drawn: dict[tuple[str, str], list[float]] = {key: [] for key in expected}
    for _ in range(DRAWS):
        label = drawn_labels(probability, random)
        of_self = np.where(probability.argmax(axis=1) == label, 4.0, -3.0)
        of_other = np.where(other[60:].argmax(axis=1) == label[60:], 4.0, -3.0)
        drawn["self", "value_per_row"].append(of_self.mean())
        drawn["self", "value"].append(of_self.sum())
        drawn["baseline:b", "value_per_row"].append(of_other.mean())
        drawn["baseline:b", "value"].append(of_other.sum())
        drawn["baseline:b", "value_gain"].append((of_self[60:] - of_other).mean())
    for key, values in drawn.items():
        estimate = expected[key]
        assert estimate.value == pytest.approx(np.mean(values), abs=4 * np.std(values) / np.sqrt(DRAWS)), key
        inside = np.mean((np.array(values) >= estimate.ci_low) & (np.array(values) <= estimate.ci_high))
        assert 0.92 <= inside <= 0.98, (key, inside)
