"""Figures of statsmodels 0.15 for tests of standard errors, and the data they are of.

statsmodels is no dependency: `python tests/python/unit/figures_of_statsmodels.py` in an environment that has it writes
`tests/fixtures/statsmodels.json` anew.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
from scipy import stats

FIGURES = Path(__file__).parents[2] / "fixtures" / "statsmodels.json"
N = 240
COLUMNS = ["intercept", "x", "z", "b", "c"]


def columns() -> dict[str, np.ndarray]:
    """Features, weights, who a row is of, and a label per family."""
    e = np.arange(N)
    x, z = ((e * 37) % 101) / 25.0 - 2, ((e * 53) % 89) / 44.0
    level = np.array(["a", "b", "c"])[(e * 7) % 13 % 3]
    u = ((e * 7919) % 2003 + 0.5) / 2003
    eta = 0.3 + 0.5 * x - 0.4 * (level == "b") + 0.3 * z
    third = np.digitize(u, [0.3, 0.65]).astype(float)
    return {
        "x": x,
        "z": z,
        "level": level,
        "weight": 1.0 + (e * 11) % 4,
        "person": (e * 29) % 60,
        "logistic": (u < 1 / (1 + np.exp(-eta))).astype(float),
        "poisson": stats.poisson.ppf(u, np.exp(eta / 2)),
        "gamma": np.round(stats.gamma.ppf(u, 2, scale=np.exp(eta / 2) / 2), 6),
        "linear": np.round(eta + stats.norm.ppf(u), 6),
        "classes": np.where((x > 1) & (u < 0.5), 2.0, third),
    }


def design(data: dict[str, np.ndarray]) -> np.ndarray:
    """The intercept, the numbers and the levels but for the first."""
    levels = [data["level"] == "b", data["level"] == "c"]
    return np.column_stack([np.ones(N), data["x"], data["z"], *levels]).astype(float)


def figures() -> dict:
    """By family and kind of weights what statsmodels says; by family its likelihood-ratio test of the levels."""
    import statsmodels.api as sm

    data = columns()
    X, w, person = design(data), data["weight"], data["person"]
    copies = np.repeat(np.arange(N), w.astype(int))
    families = {
        "logistic": sm.families.Binomial(),
        "poisson": sm.families.Poisson(),
        "gamma": sm.families.Gamma(sm.families.links.Log()),
    }
    exact = {"tol": 1e-13, "maxiter": 200}
    newton = {"method": "newton", "tol": 1e-14, "maxiter": 200, "disp": 0}
    by_person = {"cov_type": "cluster", "cov_kwds": {"groups": person}}

    def fitted(family: str, kind: str, X: np.ndarray):
        y = data[family]
        weights = {
            "none": {},
            "cluster": {},
            "exposed": {"offset": np.log(w)},
            "frequency": {"freq_weights": w},
        }.get(kind, {"var_weights": w})
        if kind == "precision" and family != "gamma":
            weights = {"var_weights": w * N / w.sum()}
        robust = {"sampling": {"cov_type": "HC0"}, "cluster": by_person, "sampled clusters": by_person}.get(
            kind, {}
        )
        if family == "linear":
            if kind == "frequency":
                return sm.OLS(y[copies], X[copies]).fit()
            model = sm.WLS(y, X, weights=w) if weights else sm.OLS(y, X)
            return model.fit(**robust, **({"use_t": True} if robust else {}))
        return sm.GLM(y, X, family=families[family], **weights).fit(**exact, **robust)

    found: dict[str, dict] = {"fits": {}, "likelihood_ratio": {}}
    for family in ("logistic", "poisson", "gamma", "linear"):
        kinds = ["none", "frequency", "sampling", "precision", "cluster", "sampled clusters"]
        for kind in [*kinds, *(["exposed"] if family in ("poisson", "gamma") else [])]:
            fit = fitted(family, kind, X)
            one = found["fits"][f"{family}, {kind}"] = {"estimate": fit.params, "std_error": fit.bse}
            low, high = np.asarray(fit.conf_int()).T
            one |= {"p_value": fit.pvalues, "ci_low": low, "ci_high": high}
            if kind in ("none", "frequency", "exposed"):
                linear = family == "linear"
                one |= {"log_likelihood": fit.llf, "aic": fit.aic, "bic": fit.bic if linear else fit.bic_llf}
                one |= {"deviance": fit.ssr if linear else fit.deviance}
                one |= {"null_deviance": fit.centered_tss if linear else fit.null_deviance}
                if family != "logistic":
                    one["dispersion"] = fit.scale if linear else fit.pearson_chi2 / fit.df_resid
        full, without = fitted(family, "none", X), fitted(family, "none", X[:, :3])
        statistic = full.compare_lr_test(without)[0] if family == "linear" else None
        statistic = (without.deviance - full.deviance) / full.scale if statistic is None else statistic
        found["likelihood_ratio"][family] = [statistic, 2, stats.chi2.sf(statistic, 2)]
    y = data["classes"]
    for kind in ("none", "frequency", "cluster"):
        rows = copies if kind == "frequency" else np.arange(N)
        fit = sm.MNLogit(y[rows], X[rows]).fit(**newton, **(by_person if kind == "cluster" else {}))
        ends = np.asarray(fit.conf_int()).reshape(2, len(COLUMNS), 2)
        one = {name: np.asarray(getattr(fit, name)).T.ravel() for name in ("params", "bse", "pvalues")}
        one = {"estimate": one["params"], "std_error": one["bse"], "p_value": one["pvalues"]}
        one |= {"ci_low": ends[..., 0].ravel(), "ci_high": ends[..., 1].ravel()}
        if kind != "cluster":
            one |= {"log_likelihood": fit.llf, "aic": fit.aic, "bic": fit.bic}
            one |= {"deviance": -2 * fit.llf, "null_deviance": -2 * fit.llnull}
        found["fits"][f"classes, {kind}"] = one
    statistic = 2 * (sm.MNLogit(y, X).fit(**newton).llf - sm.MNLogit(y, X[:, :3]).fit(**newton).llf)
    found["likelihood_ratio"]["classes"] = [statistic, 4, stats.chi2.sf(statistic, 4)]
    return found


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | np.ndarray):
        return [_rounded(inner) for inner in value]
    return float(f"{value:.10g}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    FIGURES.write_text(json.dumps(_rounded(figures()), indent=1) + "\n")
