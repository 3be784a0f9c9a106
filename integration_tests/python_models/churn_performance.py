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
        "churn",
        dbt,
        session,
        spec,
        predictions=dbt.ref("churn_predictions"),
        versions=dbt.ref("churn_versions"),
        outcomes=dbt.ref("churn_outcomes"),
        attributes=dbt.ref("account_features"),
    )
