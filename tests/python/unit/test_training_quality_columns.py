"""Findings about columns, rows and values of a training set, on planted faults."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import MinCovDet
from sklearn.linear_model import LinearRegression
from training_sets import clean, findings_of

from ml_ledger.quality.checks.balance import class_imbalance
from ml_ledger.quality.checks.collinearity import collinearity, variance_inflation
from ml_ledger.quality.checks.columns import constant_columns, duplicate_columns, first_appearance
from ml_ledger.quality.checks.duplicates import duplicates
from ml_ledger.quality.checks.outliers import joint_outliers, outliers, robust_distances
from ml_ledger.quality.fences import fences

# The correlation matrix gives the same factors as the regressions, to rounding.
TOLERANCE = 1e-8


def columns_with(**columns):
    return clean(0, rows=1200, task="clustering") | columns


def test_a_constant_column_is_an_error_and_a_nearly_constant_one_a_warning():
    nearly = np.where(np.arange(1200) % 200 == 1, 7.0, 0.0)
    constant, near = findings_of(constant_columns, columns_with(channel=np.full(1200, "web"), refunds=nearly))
    assert (constant.check, constant.severity, constant.subject) == ("constant_column", "error", "channel")
    assert "channel is web in all 900 training rows" in constant.evidence
    assert (near.check, near.severity, near.subject, near.row_count) == (
        "near_constant_column",
        "warn",
        "refunds",
        6,
    )


def test_null_and_one_value_are_two_values():
    flag = np.where(np.arange(1200) % 2 == 0, 1.0, np.nan)
    assert findings_of(constant_columns, columns_with(flag=flag)) == []


def test_equal_columns_and_recodings_are_found_and_what_is_only_similar_is_not():
    columns = columns_with()
    cents = np.round(columns["income"] * 100)
    codes = np.select([columns["region"] == "north", columns["region"] == "south"], [3, 1], 2)
    almost = codes.copy()
    almost[[0, 1]] = [9, 9]
    columns |= {"again": columns["age"], "minus": -cents, "cents": cents, "code": codes, "almost": almost}
    found = {finding.subject: finding for finding in findings_of(duplicate_columns, columns)}
    assert set(found) == {"age, again", "minus, cents", "region, code"}
    assert found["age, again"].evidence == "again equals age in all 900 training rows."
    assert "each of the 3 values" in found["region, code"].evidence


def test_columns_are_compared_on_all_rows_not_only_on_the_sample():
    columns = columns_with()
    nearly = columns["visits"].copy()
    nearly[5] += 1
    for rows in (200, 20_000):
        assert findings_of(duplicate_columns, columns | {"nearly": nearly}, rows=rows) == []


def test_first_appearance_is_the_same_for_one_to_one_columns_only():
    assert first_appearance(np.array([5.0, 7.0, 5.0, np.nan, 7.0])).tolist() == [0, 1, 0, 2, 1]
    assert first_appearance(np.array([1.0, 0.0, 1.0, 9.0, 0.0])).tolist() == [0, 1, 0, 2, 1]
    assert first_appearance(np.array([1.0, 0.0, 1.0, 0.0, 0.0])).tolist() == [0, 1, 0, 1, 1]


def test_variance_inflation_factors_are_those_of_the_regressions():
    rng = np.random.default_rng(0)
    design = rng.normal(size=(400, 4)) @ rng.normal(size=(4, 4)) + [1, 100, -5, 0]
    factors, _ = variance_inflation(design)
    for column in range(4):
        others = np.delete(design, column, axis=1)
        r2 = LinearRegression().fit(others, design[:, column]).score(others, design[:, column])
        assert factors[column] == pytest.approx(1 / (1 - r2), rel=TOLERANCE)


def test_collinear_features_are_named_with_those_that_give_them_away():
    columns = columns_with()
    assert findings_of(collinearity, columns) == []
    columns["total"] = columns["age"] + columns["income"]
    columns["nearly"] = columns["total"] + np.random.default_rng(1).normal(0, 0.1, 1200)
    found = {finding.subject: finding for finding in findings_of(collinearity, columns)}
    assert set(found) == {"age", "income", "total", "nearly"}
    assert found["total"].value == np.inf
    assert "of which it is a sum" in found["total"].evidence
    assert "above all total" in found["nearly"].evidence


def test_a_value_far_out_is_found_in_a_normal_and_in_a_skewed_feature():
    columns = columns_with()
    columns["age"][[0, 4]] = [400.0, -300.0]
    columns["income"][8] = 1e6
    found = {finding.subject: finding for finding in findings_of(outliers, columns)}
    assert set(found) == {"age", "income"}
    assert (found["age"].row_count, found["age"].value) == (2, 400.0)
    assert [row["id"] for row in found["age"].rows_to_inspect] == [0, 4]
    (row,) = found["income"].rows_to_inspect
    assert (row["id"], row["income"]) == (8, 1e6)


def test_outliers_are_counted_on_all_rows_though_fences_are_of_the_sample():
    columns = columns_with()
    columns["age"][[0, 4, 8, 12, 16, 20]] = 400.0
    (found,) = findings_of(outliers, columns, rows=250)
    assert (found.row_count, found.rows_looked_at) == (6, 900)


def test_fences_stand_though_some_of_the_values_are_outliers():
    values = np.random.default_rng(0).normal(0, 1, 2000)
    low, high = fences(values, 4.0)
    assert -8 < low < -4.5 and 4.5 < high < 8
    values[:60] = 50
    assert fences(values, 4.0)[1] < 10
    assert fences(np.full(50, 3.0), 4.0) == (-np.inf, np.inf)


@pytest.mark.parametrize("draw", ["normal", "exponential", "lognormal", "poisson", "uniform"])
def test_nothing_is_outside_the_fences_of_common_distributions(draw):
    rng = np.random.default_rng(0)
    for _ in range(5):
        values = getattr(rng, draw)(size=5000)
        low, high = fences(values, 4.0)
        assert low <= values.min() and values.max() <= high, draw


def test_robust_distances_are_mahalanobis_distances_by_the_minimum_covariance_determinant():
    rng = np.random.default_rng(0)
    design = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 3))
    design[:50] += 30
    fitted = MinCovDet(support_fraction=0.75, random_state=1).fit(design)
    inverse = np.linalg.inv(fitted.covariance_)
    distances = robust_distances(design, 1)
    assert distances == pytest.approx([mahalanobis(row, fitted.location_, inverse) for row in design], rel=1e-9)
    assert distances[:50].min() > distances[50:].max(), "a tenth of the rows must not mask themselves"


def test_values_that_do_not_go_together_are_joint_outliers_though_each_is_common():
    rng = np.random.default_rng(9)
    height = rng.normal(170, 10, 1200)
    tall = columns_with(height=height, mass=height - 100 + rng.normal(0, 2, 1200))
    assert findings_of(joint_outliers, tall) == []
    tall["height"][[0, 4]], tall["mass"][[0, 4]] = [155, 156], [85, 84]
    assert findings_of(outliers, tall) == []
    (found,) = findings_of(joint_outliers, tall)
    assert {row["id"] for row in found.rows_to_inspect} == {0, 4}


def test_copies_and_conflicting_labels():
    columns = clean(0, rows=1200)
    assert findings_of(duplicates, columns, task="binary") == []
    for values in columns.values():
        values[[1, 5, 9]] = values[[0, 4, 8]]
    columns["bought"][[0, 1]] = [0, 1]
    columns["_ml_split"] = np.where(np.arange(1200) < 1000, "train", "holdout")
    copies, conflict = findings_of(duplicates, columns, task="binary")
    assert (copies.check, copies.severity, copies.row_count, copies.rows_looked_at) == (
        "duplicate_rows",
        "warn",
        3,
        1000,
    )
    assert (conflict.check, conflict.severity, conflict.row_count) == ("conflicting_labels", "warn", 2)
    assert {row["id"] for row in conflict.rows_to_inspect} == {0, 1}
    assert "at least 0.1 % of all rows" in conflict.evidence


def test_copies_of_rows_with_few_values_are_information():
    rng = np.random.default_rng(0)
    columns = {"visits": rng.poisson(2, 1000), "region": rng.choice(["a", "b"], 1000)}
    columns["bought"] = (rng.random(1000) < 0.5).astype(int)
    copies, conflict = findings_of(duplicates, columns, task="binary")
    assert (copies.severity, conflict.severity) == ("info", "info")


def test_a_rare_class_is_a_warning_and_one_with_few_rows_an_error():
    columns = clean(0, rows=4000)
    columns["_ml_split"] = np.full(4000, "train")
    columns["bought"] = (np.arange(4000) % 50 == 0).astype(int)
    (found,) = findings_of(class_imbalance, columns, task="binary")
    assert (found.severity, found.subject, found.row_count) == ("warn", "bought = 1", 80)
    columns["bought"] = (np.arange(4000) % 400 == 0).astype(int)
    (found,) = findings_of(class_imbalance, columns, task="binary")
    assert (found.severity, found.row_count) == ("error", 10)
    columns["bought"] = np.arange(4000) % 2
    assert findings_of(class_imbalance, columns, task="binary") == []
