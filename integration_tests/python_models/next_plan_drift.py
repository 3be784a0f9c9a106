from ml_ledger import measure_drift


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="delete+insert", unique_key="group_key")
    predictions = dbt.ref("next_plan_predictions")
    versions = dbt.ref("next_plan_versions")
    outcomes = dbt.ref("next_plan_outcomes")
    training_rows = dbt.ref("next_plan_training_rows")
    features = dbt.ref("account_features")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return measure_drift(
        ml_model="next_plan",
        spec=spec,
        predictions=predictions,
        versions=versions,
        outcomes=outcomes,
        training_rows=training_rows,
        features=features,
        history=history,
    )
