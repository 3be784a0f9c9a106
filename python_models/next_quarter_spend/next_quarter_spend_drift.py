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
        "next_quarter_spend",
        dbt,
        session,
        spec,
        predictions=dbt.ref("next_quarter_spend_predictions"),
        versions=dbt.ref("next_quarter_spend_versions"),
        outcomes=dbt.ref("next_quarter_spend_outcomes"),
        features=dbt.ref("customer_purchase_features"),
    )
