with

predictions as (
    select * from {{ ref('ml_predictions') }}
),

versions as (
    select * from {{ ref('ml_versions') }}
),

terms_of_version as (
    select
        ml_model,
        version,
        count(distinct term) as terms
    from {{ ref('ml_coefficients') }}
    group by ml_model, version
),

links as (
    select
        decision_id,
        count(*) as terms,
        sum(contribution) as link_score
    from {{ ref('ml_decision_terms') }}
    group by decision_id
),

-- A term without a matching row, or one that is not a finite number, leaves the decision unscored.
usable_links as (
    select
        predictions.decision_id,
        links.link_score
    from predictions
    inner join links
        on predictions.decision_id = links.decision_id
    inner join terms_of_version
        on
            predictions.ml_model = terms_of_version.ml_model
            and predictions.version = terms_of_version.version
            and links.terms = terms_of_version.terms
    where abs(links.link_score) <= {{ ml_ledger.largest_double() }}
),

scores as (
    select
        predictions.decision_id,
        predictions.ml_model,
        predictions.version,
        predictions.decided_at,
        predictions.status,
        predictions.score,
        predictions.threshold,
        predictions.decision,
        case
            when versions.link = 'logit' then {{ ml_ledger.inverse_link('logit', 'usable_links.link_score') }}
            when versions.link = 'log' then {{ ml_ledger.inverse_link('log', 'usable_links.link_score') }}
            else {{ ml_ledger.inverse_link('identity', 'usable_links.link_score') }}
        end as replayed_score,
        versions.spec
    from predictions
    left join usable_links
        on predictions.decision_id = usable_links.decision_id
    left join versions
        on
            predictions.ml_model = versions.ml_model
            and predictions.version = versions.version
),

replay as (
    select
        decision_id,
        ml_model,
        version,
        decided_at,
        status,
        score,
        replayed_score,
        abs(score - replayed_score) / greatest(1, abs(score)) as difference,
        decision,
        case
            when replayed_score >= threshold then {{ ml_ledger.json_path('spec', ['decision', 'positive']) }}
            when replayed_score < threshold then {{ ml_ledger.json_path('spec', ['decision', 'negative']) }}
            else {{ ml_ledger.json_path('spec', ['decision', 'fallback']) }}
        end as replayed_decision
    from scores
)

select * from replay
