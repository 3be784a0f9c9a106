with

predictions as (
    select * from {{ ref('ml_predictions') }}
),

versions as (
    select * from {{ ref('ml_versions') }}
),

deployments as (
    select * from {{ ref('ml_deployments') }}
),

holdout_metrics as (
    select
        ml_model,
        version,
        max(case when metric = 'roc_auc' then value end) as holdout_roc_auc,
        max(case when metric = 'roc_auc' then ci_low end) as holdout_roc_auc_ci_low,
        max(case when metric = 'roc_auc' then ci_high end) as holdout_roc_auc_ci_high,
        max(case when metric = 'log_loss' then value end) as holdout_log_loss
    from {{ ref('ml_metrics') }}
    where dataset = 'holdout' and slice = 'all' and scored_by = 'self'
    group by ml_model, version
),

audit as (
    select
        predictions.decision_id,
        predictions.ml_model,
        predictions.entity_id,
        predictions.as_of,
        predictions.decided_at,
        predictions.recorded_at,
        predictions.slot,
        predictions.status,
        predictions.decision,
        predictions.score,
        predictions.threshold,
        predictions.reasons,
        predictions.features,
        predictions.imputed_features,
        predictions.version,
        versions.algorithm,
        versions.trained_because,
        versions.trained_at,
        versions.train_from,
        versions.train_to,
        versions.train_rows,
        versions.training_set_fingerprint,
        versions.spec_hash,
        versions.git_commit,
        holdout_metrics.holdout_roc_auc,
        holdout_metrics.holdout_roc_auc_ci_low,
        holdout_metrics.holdout_roc_auc_ci_high,
        holdout_metrics.holdout_log_loss,
        deployments.deployment_id,
        deployments.version as live_version,
        deployments.valid_from as deployed_at,
        deployments.valid_to as replaced_at,
        deployments.actor as deployed_by,
        deployments.reason as deployed_because,
        predictions.invocation_id
    from predictions
    left join versions
        on
            predictions.ml_model = versions.ml_model
            and predictions.version = versions.version
    left join holdout_metrics
        on
            predictions.ml_model = holdout_metrics.ml_model
            and predictions.version = holdout_metrics.version
    left join deployments
        on
            predictions.ml_model = deployments.ml_model
            and predictions.slot = deployments.slot
            and predictions.decided_at >= deployments.valid_from
            and (predictions.decided_at < deployments.valid_to or deployments.valid_to is null)
)

select * from audit
