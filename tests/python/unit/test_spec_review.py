"""What people look at: what may be declared, and that it trains nothing."""

import pytest
from customers import DECLARATION

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError

POLICY = {"threshold": 0.5, "positive": "offer", "negative": "none", "fallback": "none"}
DECIDING = DECLARATION | {"decision": POLICY}
REVIEW = {
    "random_per_period": 30,
    "close_to_threshold": {"within": 0.02},
    "disagreements": 20,
    "high_value": {"column": "a", "at_most": 10},
    "rejected": 5,
    "conflict": "majority",
    "feedback": ["verdicts", "tool.verdicts"],
}


def test_review_is_optional_and_changes_no_fingerprint():
    declared = parse_spec("m", DECIDING | {"review": REVIEW})
    assert declared.review.close_to_threshold.at_most == 50
    assert declared.fingerprint() == parse_spec("m", DECIDING).fingerprint()
    assert parse_spec("m", DECIDING | {"review": {}}).review.random_per_period == 50


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        (DECIDING | {"review": {"random_per_period": 0}}, "review.random_per_period"),
        (DECIDING | {"review": {"conflict": "loudest"}}, "review.conflict"),
        (DECIDING | {"review": {"feedback": ["a.b.c"]}}, "review.feedback.0"),
        (
            DECIDING | {"review": {"high_value": {"column": "aa"}}},
            "review.high_value.column: is not a declared numeric feature",
        ),
        (
            DECLARATION
            | {"decision": None, "review": {"close_to_threshold": {"within": 0.1}, "disagreements": 5}},
            "review.close_to_threshold: needs decision.threshold, and none is declared",
        ),
        (
            DECLARATION | {"decision": None, "review": {"disagreements": 5}},
            "review.disagreements: needs decision.threshold, since versions disagree",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(declaration, message):
    with pytest.raises(SpecError) as refused:
        parse_spec("m", declaration)
    assert message in str(refused.value)
