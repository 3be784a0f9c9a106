from ml_ledger import train_if_due


def model(dbt, session):
    dbt.config(
        materialized="incremental",
        incremental_strategy="append",
        full_refresh=False,
        on_schema_change="append_new_columns",
    )
    training_set = dbt.ref("tickets_training_set")
    spec = dbt.config.meta_get("ml")
    history = session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
    return train_if_due(
        ml_model="tickets",
        spec=spec,
        training_set=training_set,
        history=history,
        session=session,
        this=dbt.this,
    )
