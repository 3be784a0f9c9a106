# Written by `ml-ledger sync`, again whenever the declaration changes: edit the declaration instead.
from ml_ledger import nodes


def model(dbt, session):
    dbt.config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key="group_key",
    )
    spec = dbt.config.meta_get("ml")
    return nodes.drift(
        "repurchase",
        dbt,
        session,
        spec,
        predictions=dbt.ref("repurchase_predictions"),
        versions=dbt.ref("repurchase_versions"),
        outcomes=dbt.ref("repurchase_outcomes"),
        training_rows=dbt.ref("repurchase_training_rows"),
        features=dbt.ref("customer_purchase_features"),
    )
