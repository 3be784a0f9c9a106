"""Mistakes that people make: each is named. What keeps a version from being trained stops nothing else."""

import pytest
from conftest import Project, drop_feature

FEATURES = "models/repurchase/features/customer_purchase_features.sql"
LABELS = "models/repurchase/labels/repurchase_labels.sql"


def refused(project: Project, *messages: str, clock: str = "1998-03-31") -> None:
    """A `dbt run` fails with these messages and leaves the ledger as it was."""
    before = project.ledger() if project.warehouse.exists() else None
    output = " ".join(project.dbt("run", clock=clock, succeeds=False).split())
    for message in messages:
        assert message in output
    if before is not None:
        assert project.ledger() == before


def untrained(project: Project, *messages: str, decides: bool = True) -> None:
    """A `dbt run` says why no version was trained; whether the champion decides in it all the same."""
    before = project.ledger()
    output = " ".join(project.dbt("run", clock="1998-03-31").split())
    for message in messages:
        assert output.count(message) >= 2, "where it happens, and at the end"
    after = project.ledger()
    assert after["repurchase_versions"] == before["repurchase_versions"]
    assert (len(after["repurchase_predictions"]) > len(before["repurchase_predictions"])) is decides


def test_an_unknown_feature(built: Project):
    built.declare(lambda d: d["features"].update(recency_day={"kind": "numeric"}))
    untrained(
        built,
        "The training set of ML model 'repurchase' is not usable: 1 problem. Nothing was written.",
        "features.recency_day: is not a column of the training set; got 'recency_day'."
        " Allowed: recency_days, tenure_days,",
        "did you mean 'recency_days'",
    )


def test_a_label_with_one_class(built: Project):
    built.edit(LABELS, "then 1 else 0 end as repurchased", "then 0 else 0 end as repurchased")
    untrained(
        built,
        "label repurchased: has one class in the train split; got '0' on all",
        "Allowed: both classes.",
    )


def test_an_empty_training_set(unbuilt: Project):
    unbuilt.dbt("seed")
    output = " ".join(unbuilt.dbt("run", clock="1997-03-31").split())
    assert (
        "nothing to train on yet: at the clock there is no matured label with features. Fix: wait, or move"
        in output
    )
    assert not any(unbuilt.ledger().values())


def test_duplicate_entities(built: Project):
    """Twice among the features, hence twice among the labels, hence four times where they meet."""
    built.edit(
        FEATURES,
        "select * from with_ratios",
        "select * from with_ratios union all select * from with_ratios where customer_id = 4",
    )
    refused(
        built,
        "customer_id × as_of_date: an entity must occur once per as-of date; got",
        "duplicated, for example customer_id 4 at 1997-02-01 4 times. Allowed: one row per entity and as-of date.",
    )


def test_a_declaration_with_several_mistakes(built: Project):
    def mistakes(d):
        d["treshold"] = 0.3
        d["algorithm"]["family"] = "logistics"
        d["features"]["recency_days"]["kind"] = "number"
        d["decision"]["threshold"] = 20
        del d["entity"]

    built.declare(mistakes)
    untrained(
        built,
        "The declaration of ML model 'repurchase' is not valid: 5 problems. Nothing was written.",
        "ml_models.repurchase.treshold: unknown key; got 0.3",
        "ml_models.repurchase.algorithm.family: is not a known model family; got 'logistics'. Allowed: constant,",
        "ml_models.repurchase.features.recency_days.kind: has a value that is not allowed; got 'number'",
        "ml_models.repurchase.decision.threshold: is out of range; got 20. Allowed: a number > 0 and < 1.",
        "ml_models.repurchase.entity: a required key is missing.",
        decides=False,
    )


def test_text_in_a_numeric_feature(built: Project):
    built.edit(
        FEATURES,
        "select * from with_ratios",
        "select * replace (case when customer_id = 4 then 'n/a' else recency_days::varchar end as recency_days)"
        " from with_ratios",
    )
    refused(
        built,
        "features.recency_days: a feature of kind numeric must be numeric; got VARCHAR ('n/a' in",
        "Allowed: integer, decimal or double columns. Fix: cast or clean it in staging.",
    )


@pytest.mark.parametrize(
    "clock", ["31.12.1997", "1997-12-31; drop table repurchase_versions", "yesterday", "1997-09-31"]
)
def test_a_clock_that_is_no_date(built: Project, clock: str):
    refused(built, f"ml_clock: must be a date or a timestamp that exists; got '{clock}'", clock=clock)


def test_a_name_that_is_not_declared(built: Project):
    built.edit("models/repurchase/training/repurchase_training_set.sql", "'repurchase'", "'repurchases'")
    refused(
        built,
        "ml_model_spec: 'repurchases' is not a declared ML model. Allowed: repurchase.",
        "models/repurchase/training/repurchase_training_set.sql",
    )


def test_an_entity_twice_among_those_to_be_scored(built: Project):
    """No label has matured for the latest as-of date, so training does not see it."""
    built.edit(
        FEATURES,
        "select * from with_ratios",
        "select * from with_ratios union all select * from with_ratios"
        " where customer_id = 4 and as_of_date = '1998-01-01'",
    )
    refused(
        built,
        "repurchase: an entity must occur once at the as-of date that is scored;"
        " got 1 rows with a NULL or repeated customer_id. Nothing was written.",
        clock="1998-01-31",
    )


def test_an_entity_that_is_written_in_another_way_than_before(built: Project):
    """Each would be taken for a customer of whom nothing is known, and decided for twice."""
    built.edit(
        FEATURES,
        "select * from with_ratios",
        "select * replace (lpad(customer_id::varchar, 6, '0') as customer_id) from with_ratios",
    )
    before = built.ledger()
    nodes = ("customer_purchase_features", "repurchase_training_set")
    output = " ".join(built.dbt("run", "--select", *nodes, clock="1998-01-31").split())
    assert (
        "training_set of repurchase has no new rows: entity: keys that are joined must be of one kind; got: features:"
        " entity" in output
    )
    nodes = ("customer_purchase_features", "repurchase_predictions")
    output = " ".join(built.dbt("run", "--select", *nodes, clock="1998-01-31", succeeds=False).split())
    assert (
        "of 'repurchase': refused: 1 problem. Nothing was written. 1. entity: keys must read the same; got"
        in output
    )
    assert built.ledger() == before


def test_a_missing_entity_among_those_to_be_scored(built: Project):
    built.edit(
        FEATURES,
        "select * from with_ratios",
        "select * replace (case when as_of_date < '1998-01-01' or customer_id <> 4 then customer_id end"
        " as customer_id) from with_ratios",
    )
    refused(built, "got 1 rows with a NULL or repeated customer_id", clock="1998-01-31")


def test_a_live_version_whose_column_is_gone(built: Project):
    built.edit(FEATURES, "select * from with_ratios", "select * exclude (tenure_days) from with_ratios")
    built.declare(lambda d: drop_feature(d, "tenure_days"))
    built.declare(lambda d: d["gate"].update(baseline_hurdle=0.9))
    before = built.ledger()["repurchase_predictions"]
    output = " ".join(built.dbt("run", clock="1998-01-31", succeeds=False).split())
    assert "version 1 is live as champion and reads tenure_days, which" in output
    assert "see ml_gate_checks if it was not deployed" in output
    assert built.ledger()["repurchase_predictions"] == before


def test_values_that_cannot_be_scored_fall_back(built: Project):
    """NaN, infinity and a NULL that is to be rejected: no score, the fallback, and a ledger that replays."""
    built.edit(
        FEATURES,
        "select * from with_ratios",
        "select * replace (case when as_of_date < '1998-01-01' then amount_30d"
        " when customer_id = 4 then 'nan'::double when customer_id = 18 then 'inf'::double"
        " when customer_id = 21 then null else amount_30d end as amount_30d) from with_ratios",
    )
    built.dbt("build", clock="1998-01-31", data_tests=False)
    rejected = built.query(
        "select entity_id, score, decision, reasons, features->>'amount_30d',"
        " features->>'orders_lifetime' is not null"
        " from ml_predictions where status = 'rejected' order by entity_id::int"
    )
    assert rejected == [
        ("4", None, "no_offer", None, "nan", True),
        ("18", None, "no_offer", None, "inf", True),
        ("21", None, "no_offer", None, None, True),
    ]
    assert built.query(
        "select count(*) from ml_decision_replay where status = 'rejected' and replayed_score is null"
    ) == [(3,)]
