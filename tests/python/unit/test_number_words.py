import math

import pytest

from ml_ledger.number_words import number, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.123456, "0.1235"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (999.96, "1000"),
        (1234, "1,234"),
        (1234.56, "1,234.6"),
        (-12345.678, "-12,345.7"),
        (1e14, "100,000,000,000,000"),
        (1e15, "1e+15"),
        (1e300, "1e+300"),
        (1e-7, "1e-07"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_numbers_have_no_exponent_that_they_can_do_without(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.12345, "12.3 %"),
        (0.0002, "0.02 %"),
        (1e-6, "0.0001 %"),
        (9e-7, "less than 0.0001 %"),
    ],
)
def test_a_share_is_never_an_exponent(share, text):
    assert percent(share) == text
