{%- set age = ml_ledger.days_between('feature_statistics.latest_timestamp', ml_ledger.clock()) -%}
with

feature_statistics as (
    select * from {{ ref('ml_feature_statistics') }}
),

-- Every version that read a feature, also one that the declaration has dropped since.
used as (
    select
        feature_statistics.feature_view,
        feature_statistics.feature,
        versions.ml_model,
        versions.version
    from feature_statistics
    inner join {{ ref('ml_versions') }} as versions
        on
            {{ ml_ledger.json_array_has('feature_statistics.read_by_ml_models', 'versions.ml_model') }}
            and {{ ml_ledger.json_array_has('lower(versions.features)', 'feature_statistics.feature') }}
),

versions_of_feature as (
    select
        feature_view,
        feature,
        {{ ml_ledger.json_array_of_rows(
            {'ml_model': 'ml_model', 'version': 'version'},
            'ml_model, version',
        ) }} as versions
    from used
    group by feature_view, feature
),

live_versions_of_feature as (
    select
        used.feature_view,
        used.feature,
        {{ ml_ledger.json_array_of_rows(
            {'ml_model': 'used.ml_model', 'version': 'used.version', 'slot': 'deployments.slot'},
            'used.ml_model, used.version, deployments.slot',
        ) }} as versions
    from used
    inner join {{ ref('ml_deployments') }} as deployments
        on
            used.ml_model = deployments.ml_model
            and used.version = deployments.version
    where {{ ml_ledger.is_live_at(ml_ledger.clock(), 'deployments.') }}
    group by used.feature_view, used.feature
),

features as (
    select
        feature_statistics.feature_view,
        feature_statistics.feature,
        feature_statistics.entity,
        feature_statistics.kind,
        feature_statistics.data_type,
        feature_statistics.owner,
        feature_statistics.description,
        feature_statistics.entities,
        feature_statistics.row_count,
        feature_statistics.first_timestamp,
        feature_statistics.latest_timestamp,
        cast({{ age }} as {{ dbt.type_bigint() }}) as freshness_days,
        feature_statistics.fresh_within_days,
        feature_statistics.null_share,
        feature_statistics.null_share_latest,
        feature_statistics.used_by_ml_models,
        coalesce(versions_of_feature.versions, '[]') as used_by_versions,
        coalesce(live_versions_of_feature.versions, '[]') as live_versions
    from feature_statistics
    left join versions_of_feature
        on
            feature_statistics.feature_view = versions_of_feature.feature_view
            and feature_statistics.feature = versions_of_feature.feature
    left join live_versions_of_feature
        on
            feature_statistics.feature_view = live_versions_of_feature.feature_view
            and feature_statistics.feature = live_versions_of_feature.feature
)

select
    feature_view,
    feature,
    entity,
    kind,
    data_type,
    owner,
    description,
    entities,
    row_count,
    first_timestamp,
    latest_timestamp,
    freshness_days,
    coalesce(freshness_days > fresh_within_days, fresh_within_days is not null) as stale,
    fresh_within_days,
    null_share,
    null_share_latest,
    used_by_ml_models,
    used_by_versions,
    live_versions
from features
