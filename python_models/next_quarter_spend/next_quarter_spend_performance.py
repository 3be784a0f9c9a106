from ml_ledger import measure_performance


def model(dbt, session):
    dbt.config(materialized="table")
    predictions = dbt.ref("next_quarter_spend_predictions")
    outcomes = dbt.ref("next_quarter_spend_outcomes")
    versions = dbt.ref("next_quarter_spend_versions")
    spec = dbt.config.meta_get("ml")
    return measure_performance(
        ml_model="next_quarter_spend", spec=spec, predictions=predictions, outcomes=outcomes, versions=versions
    )
