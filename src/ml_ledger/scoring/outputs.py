"""From link scores to scores, and to the output that is predicted where there are several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from ml_ledger.coefficients import Link
from ml_ledger.scoring.words import LARGEST, LARGEST_LOG, double_in, rendered

# What is added to each share before its log is taken, so that a class which no tree saw is unlikely and not impossible.
# Measured on forests with leaves of 1 to 20 rows: the log loss of new rows is within 0.01 of the least, from 1e-6 on.
ADDED_SHARE = 1e-4

INVERSE = {"logit": "1 / (1 + exp(-{link}))", "log": "exp({link})", "identity": "{link}"}
SCORE = "_ml_output1"


def output_layers(
    names: Sequence[str], link: Link, dialect: str, *, score_of: str = "_ml_link1", factor: float | None = None
) -> list[dict[str, str]]:
    """Layers over `_ml_link1`, `_ml_link2`, ...: one link score per output. See CompiledScoring for what they leave.

    score_of: where there is one output, the column whose inverse link is the score: its link score, or calibrated.
    factor: where there are classes, what calibrates them: a factor of all link scores, or of the logs of all shares.
    """
    if link == "softmax" or (link == "shares" and factor is not None):
        return _softmax(names, dialect, factor=factor, of_shares=link == "shares")
    if link == "shares":
        return _shares(names, dialect)
    if link == "distance":
        return _distance(names, dialect)
    return [
        {SCORE: _finite_score(link, score_of, dialect)},
        {
            "_ml_link": "case when _ml_output1 is not null then _ml_link1 end",
            "_ml_score": "_ml_output1",
            "_ml_predicted": rendered(exp.cast(exp.Null(), exp.DataType.Type.TEXT), dialect),
        },
    ]


def with_finite_scores(layers: Sequence[Mapping[str, str]], link: Link, dialect: str) -> list[Mapping[str, str]]:
    """The layers of a stored version, which may be of an earlier release, whose scores could be infinite.

    The macro `scoring_of_version` does the same where predictions are made.
    """
    if link != "log":
        return list(layers)
    score = {SCORE: _finite_score(link, "_ml_link1", dialect)}
    return [{**layer, **score} if SCORE in layer else layer for layer in layers]


def _finite_score(link: Link, score_of: str, dialect: str) -> str:
    """SQL of the inverse link, NULL where the link score or the score is not a finite number."""
    largest = rendered(double_in(LARGEST, dialect), dialect)
    finite = f"abs({score_of}) <= {largest}"
    if link == "log":
        finite += f" and {score_of} <= {rendered(double_in(LARGEST_LOG, dialect), dialect)}"
    return f"case when {finite} then {INVERSE[link].format(link=score_of)} end"


def _softmax(names: Sequence[str], dialect: str, *, factor: float | None, of_shares: bool) -> list[dict[str, str]]:
    """A probability per class; the predicted class is the most likely one, of equals the first."""
    numbers = range(1, len(names) + 1)
    total = " + ".join(f"_ml_odds{o}" for o in numbers)
    odds = "{link} - _ml_highest"
    if of_shares:
        added = rendered(double_in(ADDED_SHARE, dialect), dialect)
        odds = f"ln(({{link}} + {added}) / (_ml_highest + {added}))"
    if factor is not None:
        odds = f"{rendered(double_in(factor, dialect), dialect)} * ({odds})"
    return [
        _highest(names, dialect),
        {f"_ml_odds{o}": f"exp({odds.format(link=f'_ml_link{o}')})" for o in numbers},
        {"_ml_odds": total},
        {f"_ml_output{o}": f"_ml_odds{o} / _ml_odds" for o in numbers},
        _predicted(names, "_ml_link{o} = _ml_highest", dialect),
    ]


def _shares(names: Sequence[str], dialect: str) -> list[dict[str, str]]:
    """Link scores that are probabilities already; the predicted class is the most likely one, of equals the first."""
    numbers = range(1, len(names) + 1)
    return [
        _highest(names, dialect),
        {f"_ml_output{o}": f"case when _ml_highest is not null then _ml_link{o} end" for o in numbers},
        _predicted(names, "_ml_link{o} = _ml_highest", dialect),
    ]


def _highest(names: Sequence[str], dialect: str) -> dict[str, str]:
    """The highest link score, where all are finite numbers."""
    numbers = range(1, len(names) + 1)
    largest = rendered(double_in(LARGEST, dialect), dialect)
    finite = " and ".join(f"abs(_ml_link{o}) <= {largest}" for o in numbers)
    highest = f"greatest({', '.join(f'_ml_link{o}' for o in numbers)})" if len(names) > 1 else "_ml_link1"
    return {"_ml_highest": f"case when {finite} then {highest} end"}


def _distance(names: Sequence[str], dialect: str) -> list[dict[str, str]]:
    """A distance per cluster, the root of the squared distance; the predicted cluster is the nearest, or the first."""
    numbers = range(1, len(names) + 1)
    largest = rendered(double_in(LARGEST, dialect), dialect)
    finite = " and ".join(f"_ml_link{o} <= {largest}" for o in numbers)
    nearest = f"least({', '.join(f'_ml_link{o}' for o in numbers)})" if len(names) > 1 else "_ml_link1"
    return [
        {"_ml_nearest": f"case when {finite} then {nearest} end"},
        {
            f"_ml_output{o}": f"case when _ml_nearest is not null then sqrt(greatest(_ml_link{o}, 0)) end"
            for o in numbers
        },
        _predicted(names, "_ml_link{o} = _ml_nearest", dialect),
    ]


def _predicted(names: Sequence[str], condition: str, dialect: str) -> dict[str, str]:
    """The first output for which a condition holds: its link score, score and name."""

    def first(results: Sequence[str]) -> str:
        whens = (f"when {condition.format(o=o)} then {result}" for o, result in enumerate(results, 1))
        return f"case {' '.join(whens)} end"

    numbers = range(1, len(names) + 1)
    return {
        "_ml_link": first([f"_ml_link{o}" for o in numbers]),
        "_ml_score": first([f"_ml_output{o}" for o in numbers]),
        "_ml_predicted": first([rendered(exp.Literal.string(name), dialect) for name in names]),
    }
