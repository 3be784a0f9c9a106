"""Two ML models on one feature node: next_quarter_spend beside repurchase, on all orders."""

import numpy as np
import pytest
from conftest import Project
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_squared_error
from sklearn.preprocessing import StandardScaler

FEATURES = (
    "recency_days", "tenure_days", "orders_30d", "orders_90d", "amount_30d", "amount_90d", "amount_lifetime",
    "mean_gap_days",
)  # fmt: skip


def rows_of(project: Project, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Columns (n × 9, the last one says whether the gap is missing) and amounts (n) of a split."""
    rows = np.array(
        project.query(
            f"select {', '.join(FEATURES)}, amount_next_90d from next_quarter_spend_training_set"
            f" where _ml_split = '{split}' order by customer_id, as_of_date"
        ),
        dtype=float,
    )
    logs = np.log1p(rows[:, :-1])
    missing = np.isnan(logs[:, -1])
    return np.column_stack([np.where(np.isnan(logs), 0, logs), missing]), rows[:, -1]


def test_expected_amounts_are_those_of_a_poisson_regression(full: Project):
    X, amount = rows_of(full, "train")
    held_out, spent = rows_of(full, "holdout")
    scaler = StandardScaler().fit(X)
    oracle = PoissonRegressor(alpha=0, max_iter=10_000, tol=1e-8).fit(scaler.transform(X), amount)
    expected = mean_squared_error(spent, oracle.predict(scaler.transform(held_out))) ** 0.5
    ((rmse,),) = full.query(
        "select value from ml_metrics where ml_model = 'next_quarter_spend' and dataset = 'holdout'"
        " and slice = 'all' and scored_by = 'self' and metric = 'rmse'"
    )
    assert rmse == pytest.approx(expected, rel=1e-4)
    assert rmse < 32  # the constant: 44.3; a line through the last quarter: 41.7


def test_both_ml_models_score_the_rows_of_one_feature_node(full: Project):
    same = " and ".join(f"a.features->>'{name}' is not distinct from b.features->>'{name}'" for name in FEATURES)
    assert full.query(
        f"select count(*), count(*) filter (where {same}), min(b.score) > 0"
        " from ml_predictions as a inner join ml_predictions as b using (entity_id, as_of)"
        " where a.ml_model = 'repurchase' and b.ml_model = 'next_quarter_spend'"
    ) == [(23_570, 23_570, True)]


def test_the_label_log_holds_every_label_once(full: Project):
    assert full.query(
        "select count(*), count(distinct (customer_id, as_of_date)), max(correction_number), min(label_source)"
        " from next_quarter_spend_label_log"
    ) == full.query("select count(*), count(*), 0, 'order lines' from next_quarter_spend_labels_now")
