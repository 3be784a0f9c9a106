from ml_ledger import score_with_estimator


def model(dbt, session):
    dbt.config(materialized="table")
    features = dbt.ref("account_features")
    versions = dbt.ref("tickets_versions")
    deployments = dbt.ref("tickets_deployments")
    clock = dbt.ref("ml_clock")
    return score_with_estimator(
        ml_model="tickets", features=features, versions=versions, deployments=deployments, clock=clock
    )
