"""What a build promises, on all orders: how good, how exact, how explained."""

import json

import numpy as np
import pytest
from conftest import Project
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, f1_score, log_loss, precision_score, recall_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml_ledger.monitoring.estimated.estimated_binary import estimated_binary

REPLAY_TOLERANCE = 1e-12
ESTIMATOR_TOLERANCE = 1e-9
OURS = "ml_model = 'repurchase'"

FEATURES = (
    "recency_days", "tenure_days", "orders_30d", "orders_90d", "orders_lifetime",
    "amount_30d", "amount_90d", "amount_lifetime", "average_order_value", "mean_gap_days",
)  # fmt: skip


def rows_of(project: Project, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Features (n × 10, NaN for NULL) and labels (n) of a split of the training set."""
    rows = project.query(
        f"select {', '.join(FEATURES)}, repurchased from repurchase_training_set where _ml_split = '{split}'"
        " order by customer_id, as_of_date"
    )
    table = np.array(rows, dtype=float)
    return table[:, :-1], table[:, -1]


def scored_by_hand(project: Project, X: np.ndarray) -> np.ndarray:
    """Scores of version 1 from its coefficient rows, by a loop over terms."""
    rows = project.query(
        f"select feature, applies_to, slope, value from ml_coefficients where {OURS} and version = 1"
    )
    link = np.zeros(len(X))
    for feature, applies_to, slope, value in rows:
        if applies_to == "intercept":
            link += value
            continue
        x = X[:, FEATURES.index(feature)]
        link += np.where(np.isnan(x), value, 0) if applies_to == "missing" else np.nan_to_num(slope * x)
    return 1 / (1 + np.exp(-link))


def test_the_version_for_april_1998_is_as_good_as_promised(full: Project):
    assert full.query(
        "select distinct as_of_date::varchar from repurchase_training_set where _ml_split = 'holdout'"
    ) == [("1998-04-01",)]
    X, label = rows_of(full, "holdout")
    score = scored_by_hand(full, X)
    auc, loss = roc_auc_score(label, score), log_loss(label, score)
    assert len(label) == 23_570
    assert auc >= 0.835
    assert loss <= 0.315
    recorded = dict(
        full.query(
            f"select metric, value from ml_metrics where {OURS} and version = 1 and dataset = 'holdout'"
            " and slice = 'all' and scored_by = 'self'"
        )
    )
    assert recorded["roc_auc"] == pytest.approx(auc, abs=1e-9)
    assert recorded["log_loss"] == pytest.approx(loss, abs=1e-9)


def test_no_training_label_reaches_into_the_holdout(full: Project):
    assert full.query(
        "select max(_ml_matured_at) filter (where _ml_split = 'train')"
        " <= min(as_of_date) filter (where _ml_split = 'holdout')"
        " from repurchase_training_set"
    ) == [(True,)]
    assert full.query(f"select labels_overlap_holdout from ml_versions where {OURS}") == [(False,)]


def test_decisions_are_what_a_scikit_learn_pipeline_decides(full: Project):
    """An oracle that shares nothing with the library: its own pipeline, fitted on the same rows."""
    X, label = rows_of(full, "train")
    means = np.nanmean(X, axis=0)
    deviations = np.where(np.isnan(X), means, X).std(axis=0)

    def design(X: np.ndarray) -> np.ndarray:
        scaled = (np.where(np.isnan(X), means, X) - means) / deviations
        return np.column_stack([scaled, np.isnan(X[:, -1])])

    oracle = LogisticRegression(solver="newton-cholesky", tol=1e-9).fit(design(X), label)
    rows = full.query(
        f"select p.score, p.decision, {', '.join('f.' + name for name in FEATURES)} from ml_predictions as p"
        " inner join customer_purchase_features as f"
        f" on p.entity_id = f.customer_id::varchar and p.as_of = f.as_of_date where {OURS} order by p.entity_id"
    )
    expected = oracle.predict_proba(design(np.array([row[2:] for row in rows], dtype=float)))[:, 1]
    assert len(rows) == 23_570
    assert np.max(np.abs(np.array([row[0] for row in rows]) - expected)) < ESTIMATOR_TOLERANCE
    assert [row[1] for row in rows] == ["send_offer" if score >= 0.2 else "no_offer" for score in expected]


def test_recency_alone_is_the_baseline_that_it_claims_to_be(full: Project):
    X, label = rows_of(full, "train")
    held_out, truth = rows_of(full, "holdout")
    oracle = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:, :1], label)
    expected = roc_auc_score(truth, oracle.predict_proba(held_out[:, :1])[:, 1])
    ((auc,),) = full.query(
        f"select value from ml_metrics where {OURS} and dataset = 'holdout' and scored_by = 'baseline:recency'"
        " and metric = 'roc_auc'"
    )
    assert auc == pytest.approx(expected, abs=1e-9)


def test_every_decision_replays_from_coefficients_and_stored_features(full: Project):
    ((decisions, worst, unlike),) = full.query(
        "select count(*), max(difference), count_if(decision is distinct from replayed_decision)"
        f" from ml_decision_replay where {OURS}"
    )
    assert decisions == 23_570
    assert worst <= REPLAY_TOLERANCE
    assert unlike == 0


def test_reasons_are_the_largest_contributions_in_the_direction_of_the_decision(full: Project):
    coefficients = full.query(
        "select feature, slope, reference, (select value from ml_coefficients as m where m.feature = c.feature"
        f" and m.applies_to = 'missing' and {OURS}) from ml_coefficients as c where {OURS} and applies_to = 'value'"
    )
    rows = full.query(
        f"select entity_id, decision, reasons, features from ml_predictions where {OURS}"
        " order by md5(entity_id) limit 300"
    )
    for entity, decision, reasons, features in rows:
        values = json.loads(features)
        sign = 1 if decision == "send_offer" else -1
        contributions = {
            feature: (if_missing if values[feature] is None else slope * values[feature]) - reference
            for feature, slope, reference, if_missing in coefficients
        }
        expected = sorted(contributions, key=lambda name: sign * contributions[name], reverse=True)[:3]
        got = json.loads(reasons)
        assert [reason["feature"] for reason in got] == expected, entity
        for reason in got:
            assert reason["value"] == values[reason["feature"]]
            assert reason["contribution"] == pytest.approx(contributions[reason["feature"]], abs=1e-12)


def test_the_catalogue_lists_the_features_of_the_version(full: Project):
    rows = full.query(
        "select feature, used_by_ml_models, used_by_versions, live_versions from ml_features"
        " where feature_view = 'customer_purchase_features'"
    )
    version = {"ml_model": "repurchase", "version": 1}
    for feature, ml_models, versions, live in rows:
        assert "repurchase" in json.loads(ml_models), feature
        assert version in json.loads(versions), feature
        assert {**version, "slot": "champion"} in json.loads(live), feature
    assert {row[0] for row in rows} == set(FEATURES)


def test_staging_decides_on_the_oddities_of_the_file(full: Project):
    seen = "where order_date < '1998-06-30'"
    assert full.query(f"select count(*) from cdnow_orders {seen}") == full.query(
        "select (select sum(order_lines)::bigint from stg_order_days)"
        " + (select count(*) from quarantined_order_lines)"
    )
    assert full.query("select distinct quarantine_checks from quarantined_order_lines") == [('["no_copy"]',)]
    assert full.query("select count(*) from quarantined_order_lines") == full.query(
        f"select (count(*) - count(distinct (customer_id, order_date, quantity, amount))) from cdnow_orders {seen}"
    )
    assert full.query("select count(*) > 0 from stg_order_days where amount = 0") == [(True,)]


def test_an_estimate_is_honest_where_scores_are_calibrated_and_is_seen_not_to_be_where_they_are_not(full: Project):
    X, label = rows_of(full, "holdout")
    score = scored_by_hand(full, X)
    learned = np.arange(len(label)) % 2 == 0
    # Without a score of 0 or 1, of which one label that is otherwise would be the whole log loss.
    calibration = IsotonicRegression(y_min=1e-3, y_max=1 - 1e-3, out_of_bounds="clip")
    calibration.fit(score[learned], label[learned])
    score, label = score[~learned], label[~learned]

    def as_expected(score: np.ndarray) -> dict[str, bool]:
        realised = {
            "base_rate": label.mean(),
            "log_loss": log_loss(label, score.clip(1e-15, 1 - 1e-15)),
            "brier": brier_score_loss(label, score),
            "roc_auc": roc_auc_score(label, score),
            "precision": precision_score(label, score >= 0.2),
            "recall": recall_score(label, score >= 0.2),
            "f1": f1_score(label, score >= 0.2),
        }
        estimates = {row.metric: row.estimate for row in estimated_binary(score, 0.2)}
        return {
            name: estimates[name].ci_low <= value <= estimates[name].ci_high for name, value in realised.items()
        }

    assert all(as_expected(calibration.predict(score)).values())
    shipped = as_expected(score)
    assert not any(shipped[name] for name in ("base_rate", "roc_auc", "precision"))
