from ml_ledger import measure_performance


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="delete+insert", unique_key="group_key")
    predictions = dbt.ref("churn_predictions")
    outcomes = dbt.ref("churn_outcomes")
    versions = dbt.ref("churn_versions")
    attributes = dbt.ref("account_features")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return measure_performance(
        ml_model="churn",
        spec=spec,
        predictions=predictions,
        outcomes=outcomes,
        versions=versions,
        history=history,
        attributes=attributes,
    )
