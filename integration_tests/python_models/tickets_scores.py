# Written by `ml-ledger sync`, again whenever the declaration changes: edit the declaration instead.
from ml_ledger import nodes


def model(dbt, session):
    dbt.config(materialized="table")
    return nodes.scores(
        "tickets",
        features=dbt.ref("account_features"),
        versions=dbt.ref("tickets_versions"),
        deployments=dbt.ref("tickets_deployments"),
        clock=dbt.ref("ml_ledger", "ml_clock"),
    )
