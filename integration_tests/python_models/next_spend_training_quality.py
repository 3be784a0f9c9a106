from ml_ledger import assess_training_set


def model(dbt, session):
    dbt.config(materialized="incremental", incremental_strategy="delete+insert", unique_key="ml_model")
    training_set = dbt.ref("next_spend_training_set")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return assess_training_set(ml_model="next_spend", spec=spec, training_set=training_set, history=history)
