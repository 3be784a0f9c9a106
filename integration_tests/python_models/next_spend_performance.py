from ml_ledger import measure_performance


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="delete+insert", unique_key="group_key")
    predictions = dbt.ref("next_spend_predictions")
    outcomes = dbt.ref("next_spend_outcomes")
    versions = dbt.ref("next_spend_versions")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return measure_performance(
        ml_model="next_spend",
        spec=spec,
        predictions=predictions,
        outcomes=outcomes,
        versions=versions,
        history=history,
    )
