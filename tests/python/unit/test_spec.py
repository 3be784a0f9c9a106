import copy
from typing import Any

import pytest
import yaml
from conftest import ROOT, drop_feature

from ml_ledger.declaration import MLModelSpec, parse_spec
from ml_ledger.errors import SpecError


@pytest.fixture
def declaration() -> dict[str, Any]:
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return settings["vars"]["ml_models"]["repurchase"]


def test_the_shipped_declaration_is_valid(declaration):
    spec = parse_spec("repurchase", declaration)
    assert spec.features["mean_gap_days"].missing == "own_level"
    assert spec.features["recency_days"].missing == "reject", "a NULL is never filled unasked"
    assert list(spec.features) == list(declaration["features"]), "features keep their order"


def test_a_declaration_is_read_back_as_it_was_kept(declaration):
    spec = parse_spec("repurchase", declaration)
    again = MLModelSpec.from_canonical_json(spec.canonical_json())
    assert again == spec
    assert again.fingerprint() == spec.fingerprint()
    assert list(again.features) == list(spec.features), (
        "training again numbers terms and hashes rows by this order"
    )


@pytest.mark.parametrize("key", ["keep_training_set", "retention"])
def test_what_is_kept_makes_no_version_due(declaration, key):
    changed = {name: value for name, value in declaration.items() if name != key}
    assert changed != declaration
    assert parse_spec("repurchase", changed).fingerprint() == parse_spec("repurchase", declaration).fingerprint()


MISTAKES = {
    "unknown key": (
        lambda d: d.update(treshold=0.3),
        ["ml_models.repurchase.treshold: unknown key; got 0.3", "Allowed: task, description"],
    ),
    "unknown nested key": (
        lambda d: d["gate"].update(champion_margn=0.1),
        ["gate.champion_margn: unknown key", "did you mean 'champion_margin'"],
    ),
    "unknown key of a feature": (
        lambda d: d["features"]["recency_days"].update(mising="reject"),
        [
            "features.recency_days.mising: unknown key",
            "Allowed: missing, description, written_at, known_in_time, kind",
            "did you mean 'missing'",
        ],
    ),
    "missing key": (lambda d: d.pop("label"), ["ml_models.repurchase.label: a required key is missing"]),
    "wrong kind": (
        lambda d: d["features"]["recency_days"].update(kind="number"),
        ["features.recency_days.kind: has a value that is not allowed; got 'number'", "'numeric', 'categorical'"],
    ),
    "no kind": (
        lambda d: d["features"].update(age={"missing": "impute"}),
        ["features.age.kind: a required key is missing. Allowed: numeric, categorical, boolean"],
    ),
    "a key of another kind": (
        lambda d: d["features"].update(city={"kind": "categorical", "bins": 3}),
        ["features.city.bins: unknown key; got 3. Allowed: missing, description, written_at, known_in_time, kind"],
    ),
    "bounds the wrong way round": (
        lambda d: d["features"]["recency_days"].update(bounds=[9, 1]),
        ["features.recency_days.bounds: the lower bound must be below the upper; got [9, 1]"],
    ),
    "a policy without bounds": (
        lambda d: d["features"]["recency_days"].update(bounds=None, out_of_bounds="clip"),
        ["features.recency_days.out_of_bounds: needs bounds"],
    ),
    "bins and knots": (
        lambda d: d["features"]["recency_days"].update(bins=5, knots=2),
        ["features.recency_days.bins: cannot be combined with knots or transform"],
    ),
    "edges that do not ascend": (
        lambda d: d["features"]["recency_days"].update(bins=[3, 1, 2]),
        ["features.recency_days.bins: must ascend; got [3, 1, 2]"],
    ),
    "text for edges": (
        lambda d: d["features"]["recency_days"].update(knots="many"),
        ["features.recency_days.knots: must be"],
    ),
    "rare without a share": (
        lambda d: d["features"].update(city={"kind": "categorical", "unknown": "rare"}),
        ["features.city.unknown: 'rare' needs rare levels. Fix: declare min_share"],
    ),
    "a reference that is no level": (
        lambda d: d["features"].update(city={"kind": "categorical", "levels": ["a", "b"], "reference": "c"}),
        ["features.city.reference: is not one of the levels; got 'c'. Allowed: a, b"],
    ),
    "threshold out of range": (
        lambda d: d["decision"].update(threshold=20),
        ["decision.threshold: is out of range; got 20. Allowed: a number > 0 and < 1"],
    ),
    "text for a number": (
        lambda d: d["training"].update(retrain_after_days="ninety"),
        ["training.retrain_after_days: must be a whole number; got 'ninety'"],
    ),
    "unknown family": (
        lambda d: d["algorithm"].update(family="logistics"),
        [
            "algorithm.family: is not a known model family; got 'logistics'",
            "Allowed: constant, linear, logistic, poisson, gamma",
            "did you mean 'logistic'",
        ],
    ),
    "unknown hyperparameter": (
        lambda d: d["algorithm"].update(hyperparameters={"c": 1}),
        [
            "algorithm.hyperparameters.c: is not a hyperparameter of family 'logistic'",
            "Allowed: C, l1_ratio, max_iter",
        ],
    ),
    "hyperparameter out of range": (
        lambda d: d["algorithm"].update(hyperparameters={"C": -1}),
        ["algorithm.hyperparameters.C: has a value out of range; got -1. Allowed: a number > 0"],
    ),
    "baseline on an unknown feature": (
        lambda d: d["baselines"]["recency"].update(features=["recency_day"]),
        [
            "baselines.recency.features: is not a declared feature; got 'recency_day'",
            "did you mean 'recency_days'",
        ],
    ),
    "label among the features": (
        lambda d: d["features"].update(repurchased={"kind": "numeric"}),
        [
            "features.repurchased: a feature cannot be the entity, the as-of column, the label, or the column `never`"
        ],
    ),
    "never among the features": (
        lambda d: d.update(never="recency_days"),
        [
            "features.recency_days: a feature cannot be the entity, the as-of column, the label, or the column `never`"
        ],
    ),
    "never is the label": (
        lambda d: d.update(never="repurchased"),
        [
            "never: cannot be the entity, the as-of column or the label; got 'repurchased'. Fix: name a boolean column"
        ],
    ),
    "a list for a name": (
        lambda d: d.update(entity=["customer_id"]),
        ["entity: must be text; got ['customer_id']"],
    ),
    "a list for a feature": (
        lambda d: d["baselines"]["recency"].update(features=[["recency_days"]]),
        ["baselines.recency.features"],
    ),
    "no feature of a baseline": (
        lambda d: d["baselines"]["recency"].update(features=[]),
        ["baselines.recency.features: must not be empty"],
    ),
    "text for a mapping": (lambda d: d.update(gate="strict"), ["gate: must be a mapping of keys; got 'strict'"]),
    "infinity": (
        lambda d: d["gate"].update(champion_margin=float("inf")),
        ["gate.champion_margin: must be finite; got inf"],
    ),
    "a name that the training set needs": (
        lambda d: d["features"].update(_ML_weight={"kind": "numeric"}),
        [
            "features._ML_weight: is a name that ml_ledger keeps for itself; got '_ML_weight'."
            " Allowed: any name that does not begin with _ml_. Fix: rename the column"
        ],
    ),
    "the name of the moment at which labels mature": (
        lambda d: d.update(entity="Matured_At", as_of="Matured_At", label="Matured_At"),
        [
            f"{key}: is the moment at which labels mature; got 'Matured_At'. Allowed: any other name."
            for key in ("entity", "as_of", "label")
        ],
    ),
    "two names that warehouses do not tell apart": (
        lambda d: d["features"].update(Recency_Days={"kind": "numeric"}),
        ["features.Recency_Days: is called as another feature but for upper and lower case", "got 'recency_days'"],
    ),
    "no feature": (lambda d: d.update(features={}), ["features: must not be empty"]),
    "column that is no name": (
        lambda d: d.update(entity="customer\nid", label=" bought"),
        [
            "entity: must be the name of a column; got 'customer\\nid'. Allowed: printable",
            "label: must be the name",
        ],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_what_was_given_and_what_is_allowed(declaration, mistake):
    change, expected = MISTAKES[mistake]
    change(declaration)
    with pytest.raises(SpecError) as caught:
        parse_spec("repurchase", declaration)
    for part in expected:
        assert part in str(caught.value)
    assert "Nothing was written." in str(caught.value)
    assert "\n  1. ml_models.repurchase." in str(caught.value)


def test_all_mistakes_are_reported_at_once(declaration):
    for name in ("unknown key", "wrong kind", "threshold out of range", "unknown family", "missing key"):
        MISTAKES[name][0](declaration)
    with pytest.raises(SpecError) as caught:
        parse_spec("repurchase", declaration)
    message = str(caught.value)
    assert "5 problems. Nothing was written." in message
    for name in ("unknown key", "wrong kind", "threshold out of range", "unknown family", "missing key"):
        assert MISTAKES[name][1][0] in message


@pytest.mark.parametrize("given", [None, [], "logistic", 3])
def test_a_declaration_must_be_a_mapping(given):
    with pytest.raises(SpecError, match="must be a mapping"):
        parse_spec("repurchase", given)


def test_the_fingerprint_changes_with_what_can_change_a_decision_and_with_nothing_else(declaration):
    before = parse_spec("repurchase", declaration).fingerprint()
    described = copy.deepcopy(declaration) | {"description": "Other words", "owner": "someone"}
    described["features"]["recency_days"]["description"] = "Days since"
    assert parse_spec("repurchase", described).fingerprint() == before
    explicit = copy.deepcopy(declaration) | {"algorithm": {"family": "logistic", "hyperparameters": {"C": 1.0}}}
    assert parse_spec("repurchase", explicit).fingerprint() == before, "defaults may be written out"
    for change in (
        lambda d: d["decision"].update(threshold=0.21),
        lambda d: d["training"].update(seed=1),
        lambda d: drop_feature(d, "amount_30d"),
        lambda d: d["algorithm"].update(hyperparameters={"C": 2}),
    ):
        changed = copy.deepcopy(declaration)
        change(changed)
        assert parse_spec("repurchase", changed).fingerprint() != before
