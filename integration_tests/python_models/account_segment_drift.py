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
        "account_segment",
        dbt,
        session,
        spec,
        predictions=dbt.ref("account_segment_predictions"),
        versions=dbt.ref("account_segment_versions"),
        training_rows=dbt.ref("account_segment_training_rows"),
        features=dbt.ref("account_features"),
    )
