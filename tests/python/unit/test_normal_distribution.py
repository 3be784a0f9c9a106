"""The macros of the normal distribution, run by DuckDB, against scipy."""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pytest
from scipy import stats

MACROS = Path(__file__).resolve().parents[3] / "macros" / "_internal" / "statistics"
ABSOLUTE = 1e-15
IN_THE_TAIL = 1e-8
QUANTILE = 1e-13


@pytest.fixture(scope="module")
def macros():
    """The macros rendered as dbt does, but for the name of the package, which plain Jinja does not know."""
    text = "".join(
        (MACROS / f"{name}.sql").read_text() for name in ("polynomial", "normal_cdf", "normal_quantile")
    )
    return jinja2.Environment().from_string(text.replace("ml_ledger.", "")).module


def values(query: str, numbers: np.ndarray) -> np.ndarray:
    """The last column of a query over a table `given` with the column x."""
    with duckdb.connect() as connection:
        connection.execute("create table given as select unnest(?::double[]) as x", [numbers.tolist()])
        found = connection.execute(query)
        return found.fetchnumpy()[found.description[-1][0]]


def test_normal_cdf(macros):
    numbers = np.concatenate([np.linspace(-45, 45, 90_001), [-7.07106781186547, 7.07106781186547, 1e300, -np.inf]])
    got, expected = values(macros.normal_cdf("given", "x"), numbers), stats.norm.cdf(numbers)
    np.testing.assert_allclose(got, expected, rtol=0, atol=ABSOLUTE)
    low = (numbers > -37) & (numbers < 0)
    np.testing.assert_allclose(got[low], expected[low], rtol=IN_THE_TAIL, atol=0)


def test_normal_quantile(macros):
    tails = 10.0 ** -np.arange(0.5, 10, 0.25)
    numbers = np.concatenate([np.linspace(0.001, 0.999, 9_999), [0.075, 0.925], tails, 1 - tails])
    got = values(macros.normal_quantile("given", "x"), numbers)
    np.testing.assert_allclose(got, stats.norm.ppf(numbers), rtol=QUANTILE, atol=QUANTILE)


def test_neither_answers_where_there_is_no_answer(macros):
    def answer(query: str, number: str) -> object:
        with duckdb.connect() as connection:
            connection.execute(f"create table given as select {number}::double as x")
            return connection.execute(query).fetchall()[0][-1]

    for query in (macros.normal_cdf("given", "x"), macros.normal_quantile("given", "x")):
        assert answer(query, "null") is None
    for number in ("0", "1", "-0.5", "1.5", "1e-11"):
        assert answer(macros.normal_quantile("given", "x"), number) is None, number
