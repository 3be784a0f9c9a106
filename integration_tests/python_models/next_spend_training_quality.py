# Written by `ml-ledger sync`, again whenever the declaration changes: edit the declaration instead.
from ml_ledger import nodes


def model(dbt, session):
    dbt.config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key="ml_model",
    )
    spec = dbt.config.meta_get("ml")
    return nodes.training_quality(
        "next_spend",
        dbt,
        session,
        spec,
        training_set=dbt.ref("next_spend_training_set"),
    )
