from ml_ledger import measure_drift


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="delete+insert", unique_key="group_key")
    predictions = dbt.ref("next_quarter_spend_predictions")
    versions = dbt.ref("next_quarter_spend_versions")
    outcomes = dbt.ref("next_quarter_spend_outcomes")
    features = dbt.ref("customer_purchase_features")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return measure_drift(
        ml_model="next_quarter_spend",
        spec=spec,
        predictions=predictions,
        versions=versions,
        outcomes=outcomes,
        features=features,
        history=history,
    )
