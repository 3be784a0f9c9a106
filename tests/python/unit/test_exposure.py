"""Rows that were exposed for different lengths: an offset, rates that are measured, what is asked of a declaration."""

import copy
import json

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import minimize
from sklearn.metrics import mean_gamma_deviance, mean_poisson_deviance, mean_tweedie_deviance

from ml_ledger import train_if_due
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError
from ml_ledger.scoring.compile import CompiledScoring

N = 1_500
POISSON = {"family": "poisson"}
GAMMA = {"family": "gamma"}


def declaration(algorithm: dict, **others) -> dict:
    return {
        "task": "regression",
        "entity": "policy",
        "as_of": "day",
        "label": "claims",
        "exposure": "years",
        "features": {"age": {"kind": "numeric"}, "power": {"kind": "numeric"}},
        "algorithm": algorithm,
        "baselines": {"constant": {"family": "constant"}},
    } | others


def policies(seed: int = 1, *, gamma: bool = False) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    rows = {
        "policy": np.arange(N),
        "years": random.uniform(0.05, 1, N),
        "age": random.normal(size=N),
        "power": random.normal(size=N),
    }
    mean = rows["years"] * np.exp(0.3 + 0.5 * rows["age"] - 0.2 * rows["power"])
    rows["claims"] = random.gamma(2.0, mean / 2) if gamma else random.poisson(mean).astype(float)
    return rows


def trained(algorithm: dict, rows: dict[str, np.ndarray], **others) -> dict:
    split = np.where(np.arange(N) % 3 == 2, "holdout", "train")
    table = pa.table(
        rows
        | {
            "day": np.where(
                split == "train", np.datetime64("2024-01-01", "us"), np.datetime64("2024-06-01", "us")
            ),
            "_ml_split": split,
            "_ml_weight": np.ones(N),
            "_ml_matured_at": np.full(N, np.datetime64("2024-03-01", "us")),
            "_ml_known_at": np.full(N, np.datetime64("2024-09-01", "us")),
            "_ml_invocation_id": ["x"] * N,
            "_ml_run_by": ["ana"] * N,
        }
    )
    spec = declaration(algorithm, **others)
    (row,) = train_if_due(ml_model="m", spec=spec, training_set=duckdb.from_arrow(table), history=None).to_pylist()
    return row


def scores(row: dict, rows: dict[str, np.ndarray]) -> np.ndarray:
    scoring = CompiledScoring.from_json(row["scoring"])
    connection = duckdb.connect()
    connection.register("t", pa.table(rows))
    sql = scoring.select("(select *, 1 as _ml_row from t) as _ml_rows", ["policy", "_ml_score"])
    return np.array(
        [s if s is not None else np.nan for _, s in connection.execute(sql + " order by policy").fetchall()]
    )


def by_hand(rows: dict[str, np.ndarray], loss) -> np.ndarray:
    """The fit with an offset, by an optimiser that knows nothing of rates."""
    part = np.arange(N) % 3 != 2
    X = np.column_stack([np.ones(N), rows["age"], rows["power"]])[part]
    y, offset = rows["claims"][part], np.log(rows["years"][part])
    found = minimize(lambda b: loss(X @ b + offset, y).sum(), np.zeros(3), method="BFGS", options={"gtol": 1e-7})
    return found.x


@pytest.mark.parametrize(
    ("algorithm", "gamma", "loss"),
    [(POISSON, False, lambda eta, y: np.exp(eta) - y * eta), (GAMMA, True, lambda eta, y: y * np.exp(-eta) + eta)],
)
def test_a_fit_is_that_with_an_offset(algorithm, gamma, loss):
    rows = policies(gamma=gamma)
    row = trained(algorithm, rows)
    beta = by_hand(rows, loss)
    expected = rows["years"] * np.exp(beta[0] + beta[1] * rows["age"] + beta[2] * rows["power"])
    assert scores(row, rows) == pytest.approx(expected, rel=1e-5)
    (offset,) = [c for c in json.loads(row["coefficients"]) if c["feature"] == "years"]
    assert (offset["slope"], offset["transform"]) == (1.0, "log")


@pytest.mark.parametrize("family", ["boosting", "additive_boosting"])
def test_boosting_with_a_count_loss_expects_twice_as_much_in_twice_the_time(family):
    rows = policies()
    hyperparameters = {"loss": "poisson", "trees": 30}
    row = trained({"family": family, "hyperparameters": hyperparameters}, rows)
    longer = rows | {"years": 2 * rows["years"]}
    assert scores(row, longer) == pytest.approx(2 * scores(row, rows), rel=1e-9)
    metrics = {
        (m["scored_by"], m["metric"]): m["value"] for m in json.loads(row["metrics"]) if m["dataset"] == "holdout"
    }
    assert metrics["self", "poisson_deviance"] < metrics["baseline:constant", "poisson_deviance"]
    assert metrics["baseline:constant", "deviance_reduction"] > 0


def test_what_is_measured_are_rates_by_exposure():
    rows = policies()
    row = trained(POISSON, rows)
    part = np.arange(N) % 3 == 2
    y, e, s = rows["claims"][part], rows["years"][part], scores(row, rows)[part]
    found = {
        m["metric"]: m["value"]
        for m in json.loads(row["metrics"])
        if (m["dataset"], m["slice"], m["scored_by"]) == ("holdout", "all", "self")
    }
    expected = {
        "bias": (s - y).sum() / e.sum(),
        "mean_score": s.sum() / e.sum(),
        "rmse": np.sqrt(np.average((s / e - y / e) ** 2, weights=e)),
        "poisson_deviance": mean_poisson_deviance(y / e, s / e, sample_weight=e),
        "tweedie_deviance": mean_tweedie_deviance(y / e, s / e, power=1.5, sample_weight=e),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert "gamma_deviance" not in found, "there are labels of 0"


def test_a_rate_is_judged_by_the_weight_that_it_is_fitted_with():
    """Who leaves early has more claims a year than the features say, so that rows that count once look biased."""
    rows = policies()
    early = np.where(rows["years"] < 0.4, 2.5, 1.0)
    mean = rows["years"] * early * np.exp(0.3 + 0.5 * rows["age"])
    rows["claims"] = np.random.default_rng(2).poisson(mean).astype(float)
    rows["rate"] = rows["claims"] / rows["years"]
    of_rates = {"label": "rate", "exposure": None, "training": {"sample_weight": "years"}}

    def bias(**declared) -> dict:
        found = json.loads(trained(POISSON, rows, **declared)["metrics"])
        wanted = {"dataset": "holdout", "slice": "all", "scored_by": "self", "metric": "bias"}
        (measured,) = (m for m in found if wanted.items() <= m.items())
        return measured

    weighed = bias(**of_rates, evaluation={"weight": "years"})
    assert weighed["ci_low"] < 0 < weighed["ci_high"]
    assert weighed["value"] == pytest.approx(bias()["value"], abs=1e-6), "that of claims with the offset"
    assert bias(**of_rates)["ci_high"] < -0.1


def test_a_gamma_deviance_is_that_of_scikit_learn():
    rows = policies(gamma=True)
    row = trained(GAMMA, rows)
    part = np.arange(N) % 3 == 2
    y, e, s = rows["claims"][part], rows["years"][part], scores(row, rows)[part]
    (found,) = [
        m["value"]
        for m in json.loads(row["metrics"])
        if (m["dataset"], m["slice"], m["scored_by"], m["metric"]) == ("holdout", "all", "self", "gamma_deviance")
    ]
    assert found == pytest.approx(mean_gamma_deviance(y / e, s / e, sample_weight=e), abs=1e-9)


def test_the_constant_is_a_rate():
    rows = policies()
    row = trained(POISSON, rows)
    part = np.arange(N) % 3 != 2
    scoring = CompiledScoring.from_json(json.loads(row["baselines"])["constant"])
    sql = scoring.select("(select *, 1 as _ml_row from t) as _ml_rows", ["policy", "_ml_score"])
    connection = duckdb.connect()
    connection.register("t", pa.table(rows))
    rate = rows["claims"][part].sum() / rows["years"][part].sum()
    found = np.array([score for _, score in connection.execute(sql + " order by policy").fetchall()])
    assert found == pytest.approx(rate * rows["years"])


def test_what_was_not_exposed_is_not_scored():
    rows = policies()
    row = trained(POISSON, rows)
    at = {
        "years": [0.0, -1.0, 5e-324, 2.3e-308, np.nan, np.inf, 1e-3],
        "age": [0.0] * 7,
        "power": [0.0] * 7,
        "policy": range(7),
    }
    scored = np.isfinite(scores(row, {name: np.array(values) for name, values in at.items()}))
    assert scored.tolist() == [False, False, False, True, False, False, True]


def test_a_declaration_that_is_stored_reads_back():
    spec = parse_spec("m", declaration(POISSON))
    assert type(spec).from_canonical_json(spec.canonical_json()) == spec


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"algorithm": {"family": "linear"}},
            "m.algorithm.family: does not expect more where exposure is longer; got 'linear'",
        ),
        ({"algorithm": {"family": "boosting"}}, "m.algorithm.family: does not expect more"),
        ({"baselines": {"b": {"family": "linear"}}}, "m.baselines.b.family: does not expect more"),
        ({"exposure": "policy"}, "m.exposure: cannot be the entity"),
        ({"features": {"years": {"kind": "numeric"}}}, "m.exposure: is a feature already"),
        ({"value": {"unit": "euros", "per_unit_of_error": -1}}, "m.exposure: cannot be combined with value"),
        (
            {"task": "binary", "algorithm": {"family": "logistic"}},
            "m.exposure: has a meaning for task 'regression' only; got 'years'. Fix: remove the key.",
        ),
    ],
)
def test_what_has_no_offset_is_refused(change, message):
    spec = declaration(POISSON) | copy.deepcopy(change)
    with pytest.raises(SpecError) as error:
        parse_spec("m", spec)
    assert message in str(error.value)


def test_a_loss_is_one_of_amounts():
    spec = declaration({"family": "boosting", "hyperparameters": {"loss": "poisson"}}, exposure=None)
    del spec["exposure"]
    parse_spec("m", spec)
    spec |= {"task": "binary", "decision": {"threshold": 0.5, "positive": "a", "negative": "b", "fallback": "b"}}
    with pytest.raises(SpecError, match=r"hyperparameters\.loss: has no meaning for task 'binary'; got 'poisson'"):
        parse_spec("m", spec)
