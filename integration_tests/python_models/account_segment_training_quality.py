from ml_ledger import assess_training_set


def model(dbt, session):
    dbt.config(materialized="table")
    training_set = dbt.ref("account_segment_training_set")
    spec = dbt.config.meta_get("ml")
    return assess_training_set(ml_model="account_segment", spec=spec, training_set=training_set)
