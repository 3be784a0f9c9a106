with

predictions as (
    select * from {{ ref('ml_predictions') }}
),

versions as (
    select * from {{ ref('ml_versions') }}
),

events as (
    select * from {{ ref('ml_deployment_events') }}
),

deployments as (
    select
        deployments.*,
        events.event_number
    from {{ ref('ml_deployments') }} as deployments
    inner join events
        on
            deployments.ml_model = events.ml_model
            and deployments.deployment_id = events.deployment_id
),

withdrawals as (
    {{ ml_ledger.withdrawals('events') | indent(4) }}
),

-- Of each deployment, the first withdrawal of its version that came after it.
withdrawn_deployments as (
    select
        deployments.ml_model,
        deployments.deployment_id,
        withdrawals.valid_from as withdrawn_at,
        withdrawals.actor as withdrawn_by,
        withdrawals.reason as withdrawn_because,
        row_number() over (
            partition by deployments.ml_model, deployments.deployment_id
            order by withdrawals.event_number
        ) as place
    from deployments
    inner join withdrawals
        on
            deployments.ml_model = withdrawals.ml_model
            and deployments.version = withdrawals.version
            and deployments.event_number < withdrawals.event_number
),

-- A version is approved once; deployments by later operations rest on that approval.
approved_deployments as (
    select
        deployments.ml_model,
        deployments.deployment_id,
        events.actor as approved_by
    from deployments
    inner join events
        on
            deployments.ml_model = events.ml_model
            and deployments.version = events.version
            and events.operation = 'ml_approve'
            and events.event = 'deployed'
            and deployments.event_number >= events.event_number
),

holdout_metrics as (
    select
        ml_model,
        version,
        max(case when metric = 'roc_auc' then value end) as holdout_roc_auc,
        max(case when metric = 'roc_auc' then ci_low end) as holdout_roc_auc_ci_low,
        max(case when metric = 'roc_auc' then ci_high end) as holdout_roc_auc_ci_high,
        max(case when metric = 'log_loss' then value end) as holdout_log_loss,
        max(case when metric = 'rmse' then value end) as holdout_rmse
    from {{ ref('ml_metrics') }}
    where dataset = 'holdout' and slice = 'all' and scored_by = 'self'
    group by ml_model, version
),

batches as (
    select distinct
        ml_model,
        slot,
        version,
        decided_at,
        recorded_at
    from predictions
),

-- What was live at the business time of a batch, as it was known when the batch was recorded.
known_deployments as (
    select
        batches.ml_model,
        batches.slot,
        batches.version as decided_by,
        batches.decided_at,
        batches.recorded_at,
        case when events.event = 'deployed' then events.version end as version,  -- noqa: RF04
        row_number() over (
            partition by batches.ml_model, batches.slot, batches.version, batches.decided_at, batches.recorded_at
            order by events.valid_from desc, events.event_number desc
        ) as age
    from batches
    inner join events
        on
            batches.ml_model = events.ml_model
            and batches.slot = events.slot
            and events.event in ('deployed', 'ended')
            and (batches.slot in ('champion', 'control') or batches.version = events.version)
            and batches.decided_at >= events.valid_from
            and batches.recorded_at >= events.recorded_at
),

feedback as (
    select
        ml_model,
        decision_id,
        {{
            ml_ledger.json_array_of_rows({
                'reviewer': 'reviewer',
                'kind': 'kind',
                'verdict': 'verdict',
                'override_decision': 'override_decision',
                'reason': 'reason',
                'given_at': 'given_at',
            }, order_by='feedback_number') | indent(8)
        }} as feedback
    from {{ ref('ml_feedback') }}
    group by ml_model, decision_id
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
        predictions.share,
        predictions.bucket,
        predictions.status,
        predictions.rejected_because,
        predictions.decision,
        predictions.decision_source,
        predictions.link_score,
        predictions.score,
        predictions.predicted,
        predictions.output_scores,
        predictions.threshold,
        predictions.reasons,
        predictions.features,
        predictions.imputed_features,
        predictions.clipped_features,
        predictions.version,
        versions.algorithm,
        versions.trained_by,
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
        holdout_metrics.holdout_rmse,
        predictions.deployment_id,
        known_deployments.version as live_version,
        deployments.valid_from as deployed_at,
        deployments.valid_to as replaced_at,
        deployments.operation as deployed_through,
        deployments.actor as deployed_by,
        deployments.reason as deployed_because,
        approved_deployments.approved_by,
        deployments.replaced_by_version,
        deployments.replaced_by_actor,
        deployments.replaced_because,
        withdrawn_deployments.withdrawn_at,
        withdrawn_deployments.withdrawn_by,
        withdrawn_deployments.withdrawn_because,
        feedback.feedback,
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
            and predictions.deployment_id = deployments.deployment_id
    left join approved_deployments
        on
            predictions.ml_model = approved_deployments.ml_model
            and predictions.deployment_id = approved_deployments.deployment_id
    left join withdrawn_deployments
        on
            predictions.ml_model = withdrawn_deployments.ml_model
            and predictions.deployment_id = withdrawn_deployments.deployment_id
            and withdrawn_deployments.place = 1
    left join known_deployments
        on
            predictions.ml_model = known_deployments.ml_model
            and predictions.slot = known_deployments.slot
            and predictions.version = known_deployments.decided_by
            and predictions.decided_at = known_deployments.decided_at
            and predictions.recorded_at = known_deployments.recorded_at
            and known_deployments.age = 1
    left join feedback
        on
            predictions.ml_model = feedback.ml_model
            and predictions.decision_id = feedback.decision_id
)

select * from audit
