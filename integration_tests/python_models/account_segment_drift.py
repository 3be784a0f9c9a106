from ml_ledger import measure_drift


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="delete+insert", unique_key="group_key")
    predictions = dbt.ref("account_segment_predictions")
    versions = dbt.ref("account_segment_versions")
    training_rows = dbt.ref("account_segment_training_rows")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return measure_drift(
        ml_model="account_segment",
        spec=spec,
        predictions=predictions,
        versions=versions,
        training_rows=training_rows,
        history=history,
    )
