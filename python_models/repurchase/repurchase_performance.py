# Written by `ml-ledger sync`, again whenever the declaration changes: edit the declaration instead.
from ml_ledger import nodes


def model(dbt, session):
    dbt.config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key="group_key",
    )
    spec = dbt.config.meta_get("ml")
    return nodes.performance(
        "repurchase",
        dbt,
        session,
        spec,
        predictions=dbt.ref("repurchase_predictions"),
        versions=dbt.ref("repurchase_versions"),
        outcomes=dbt.ref("repurchase_outcomes"),
    )
