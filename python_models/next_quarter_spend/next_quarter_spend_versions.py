# Written by `ml-ledger sync`, again whenever the declaration changes: edit the declaration instead.
from ml_ledger import nodes


def model(dbt, session):
    dbt.config(
        materialized="incremental",
        incremental_strategy="append",
        full_refresh=False,
        on_schema_change="append_new_columns",
    )
    spec = dbt.config.meta_get("ml")
    return nodes.versions(
        "next_quarter_spend",
        dbt,
        session,
        spec,
        training_set=dbt.ref("next_quarter_spend_training_set"),
        alerts=dbt.ref("ml_ledger", "ml_last_alerts"),
    )
