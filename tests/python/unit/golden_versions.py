"""Small versions, written by hand, whose SQL is kept in tests/golden: one per way of storing an effect."""

from ml_ledger.coefficients import Coefficient, Node
from ml_ledger.rules import read_rule, sql_of
from ml_ledger.scoring.onnx import OnnxScoring

_RULE, _ = read_rule(
    """case
        when plan = 'o''paid' and a between 1 and 2.5 then round(a / 3, 2)
        when plan like 'fr_e%' or flag then greatest(0, least(1, a - -1))
        when cast(since as date) >= date '2024-02-29' and month(cast(since as date)) <> 12 then power(a, 0.5)
        when cast(plan as integer) in (-1, 2) then ln(a) / (a - 1)
        else coalesce(nullif(a, 0), exp(-a))
    end""",
    {"a": "number", "plan": "text", "flag": "boolean", "since": "text"},
    "rule",
)

VERSIONS = {
    "slopes": {
        "link": "logit",
        "coefficients": [
            Coefficient("score", 0, None, "intercept", value=-0.1),
            Coefficient("score", 1, "a", "value", slope=-1e-300, reference=0.5),
            Coefficient("score", 2, 'b"c', "value", slope=0.1),
            Coefficient("score", 2, 'b"c', "missing", value=-0.5),
            Coefficient("score", 3, "age", "value", upper=18.0, value=0.5),
            Coefficient("score", 3, "age", "value", lower=18.0, upper=65.0, slope=-0.25, value=5.0),
            Coefficient("score", 3, "age", "missing", value=0.125),
            Coefficient("score", 4, "spent", "value", lower=-0.5, slope=2.0, transform="log1p"),
        ],
    },
    "levels": {
        "link": "log",
        "coefficients": [
            Coefficient("score", 0, None, "intercept", value=1.0),
            Coefficient("score", 1, "city", "level", level="L'Aquila", value=1.0),
            Coefficient("score", 1, "city", "level", level="Größe 東京", value=-1.0),
            Coefficient("score", 1, "city", "unknown", value=0.0),
        ],
    },
    "dates": {
        "link": "logit",
        "coefficients": [
            Coefficient("score", 0, None, "intercept", value=1.0),
            Coefficient("score", 1, "signed_up", "level", level="7", value=0.5, transform="weekday"),
            Coefficient("score", 1, "signed_up", "missing", value=-0.5, transform="weekday"),
            Coefficient("score", 1, "signed_up", "unknown", value=0.0, transform="weekday"),
            Coefficient("score", 2, "signed_up", "level", level="4", value=0.25, transform="quarter"),
            Coefficient("score", 2, "signed_up", "missing", value=0.0, transform="quarter"),
        ],
        "nodes": [
            Node(
                "score",
                1,
                -1,
                0,
                0.0,
                "seen",
                levels=("6", "7"),
                levels_go="left",
                transform="weekday",
                left=1,
                right=2,
            ),
            Node("score", 1, 1, 1, 0.2),
            Node("score", 1, 2, 1, -0.1),
        ],
    },
    "scorecard": {
        "link": "logit",
        "coefficients": [
            Coefficient("score", 0, None, "intercept", value=-1.5, points=487.1),
            Coefficient("score", 1, "age", "value", upper=30.0, value=0.4, points=-11.5),
            Coefficient("score", 1, "age", "value", lower=30.0, upper=55.0, value=-0.2, points=5.8),
            Coefficient("score", 1, "age", "value", lower=55.0, value=-0.6, points=17.3),
            Coefficient("score", 1, "age", "missing", value=0.1, points=-2.9),
            Coefficient("score", 2, "plan", "level", level="o'clock", value=0.3, points=-8.7),
            Coefficient("score", 2, "plan", "level", level="plain", value=-0.3, points=8.7),
            Coefficient("score", 2, "plan", "unknown", value=-0.3, points=8.7),
        ],
    },
    "calibrated": {
        "link": "logit",
        "coefficients": [
            Coefficient("score", 0, None, "intercept", value=-1.5),
            Coefficient("score", 1, "a", "value", slope=0.5),
            Coefficient("calibration", 1, None, "link", upper=-1.0, value=-2.0),
            Coefficient("calibration", 1, None, "link", lower=-1.0, value=0.5),
        ],
    },
    "classes": {
        "link": "softmax",
        "coefficients": [
            row
            for name, sign in (("red", 1.0), ("o'range", -1.0))
            for row in (
                Coefficient(name, 0, None, "intercept", value=sign),
                Coefficient(name, 1, "a", "value", slope=sign),
            )
        ],
    },
    "distances": {
        "link": "distance",
        "coefficients": [
            row
            for name, centre in (("1", 1.0), ("2", -1.0))
            for row in (
                Coefficient(name, 0, None, "intercept", value=0.0),
                Coefficient(name, 1, "a", "value", slope=0.5, value=-centre, transform="squared"),
                Coefficient(name, 1, "a", "missing", value=centre * centre),
            )
        ],
    },
    "estimator": {
        "link": "shares",
        "coefficients": [
            row
            for name in ("red", "o'range")
            for row in (
                Coefficient(name, 0, None, "intercept", value=0.0),
                Coefficient(name, 1, "a", "value", upper=9.5, value=0.0),
            )
        ],
        "estimator": OnnxScoring(onnx=b"", design=["a"], accepts="a < 9.5", outputs=["red", "o'range"]),
    },
    "trees": {
        "link": "identity",
        "coefficients": [
            Coefficient("score", 0, None, "intercept", value=0.5),
            Coefficient("score", 1, "a", "value", value=0.0),
            Coefficient("score", 1, "a", "missing", value=0.0),
            Coefficient("score", 2, "plan", "level", level="free", value=0.0),
            Coefficient("score", 2, "plan", "level", level="o'paid", value=0.0),
            Coefficient("score", 2, "plan", "unknown", value=0.0),
        ],
        "nodes": [
            Node("score", 1, -1, 0, 0.0, "a", threshold=2.5, missing_goes="right", left=-2, right=3),
            Node("score", 1, -2, 1, 0.1, "plan", levels=("o'paid",), levels_go="right", left=1, right=2),
            Node("score", 1, 1, 2, 0.2),
            Node("score", 1, 2, 2, -0.1),
            Node("score", 1, 3, 1, -0.3),
            Node("score", 2, 1, 0, 0.0),
        ],
    },
    "rule": {
        "link": "identity",
        "coefficients": [
            Coefficient("score", 0, None, "intercept", value=0.0),
            Coefficient(
                "score",
                1,
                None,
                "expression",
                lower=0.0,
                upper=1.0000000000000002,
                slope=1.0,
                reference=0.3,
                expression=sql_of(_RULE),
            ),
            Coefficient("score", 2, "a", "value", value=0.0),
            Coefficient("score", 3, "plan", "level", level="o'paid", value=0.0),
            Coefficient("score", 3, "plan", "missing", value=0.0),
        ],
    },
    "pairs": {
        "link": "logit",
        "coefficients": [
            Coefficient("score", 0, None, "intercept", value=-0.1),
            Coefficient("score", 1, "a", "value", upper=2.5, value=0.5),
            Coefficient("score", 1, "a", "value", lower=2.5, value=-0.5),
            Coefficient("score", 2, "plan", "level", level="o'paid", value=0.25),
            Coefficient("score", 2, "plan", "missing", value=-0.25),
            Coefficient("score", 2, "plan", "unknown", value=0.0),
            *(
                Coefficient("score", 3, value=value, reference=0.01, **one, **other)
                for one, values in (
                    ({"feature": "a", "applies_to": "value", "upper": 2.5}, (0.1, -0.1, 0.0)),
                    ({"feature": "a", "applies_to": "value", "lower": 2.5}, (0.2, -0.2, 0.3)),
                )
                for value, other in zip(
                    values,
                    (
                        {"other_feature": "plan", "other_applies_to": "level", "other_level": "o'paid"},
                        {"other_feature": "plan", "other_applies_to": "missing"},
                        {"other_feature": "plan", "other_applies_to": "unknown"},
                    ),
                    strict=True,
                )
            ),
            *(
                Coefficient("score", 4, value=value, **one, other_feature="a", other_applies_to="value", **bounds)
                for one, values in (
                    ({"feature": "plan", "applies_to": "level", "level": "o'paid"}, (1.5, -1.5)),
                    ({"feature": "plan", "applies_to": "missing"}, (0.5, -0.5)),
                    ({"feature": "plan", "applies_to": "unknown"}, (2.5, -2.5)),
                )
                for value, bounds in zip(values, ({"other_upper": 7.0}, {"other_lower": 7.0}), strict=True)
            ),
        ],
    },
}
