from ml_ledger import measure_performance


def model(dbt, session):
    dbt.config(materialized="table")
    predictions = dbt.ref("repurchase_predictions")
    outcomes = dbt.ref("repurchase_outcomes")
    versions = dbt.ref("repurchase_versions")
    spec = dbt.config.meta_get("ml")
    return measure_performance(
        ml_model="repurchase", spec=spec, predictions=predictions, outcomes=outcomes, versions=versions
    )
