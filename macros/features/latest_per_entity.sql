{#
    The latest row of a declared feature view per entity, as known at the clock, with its keys and features as columns.
    Rows that tie are chosen among as by `point_in_time_join`.
    Arguments: view, relation of a dbt model that declares a feature view.
    Returns: SQL, a select.
    Example: select * from ({{ ml_ledger.latest_per_entity(ref('customer_purchase_features')) }}) as latest
#}
{% macro latest_per_entity(view) -%}
{%- set spec = ml_ledger.feature_view_spec(view) -%}
{%- if execute -%}
{%- do ml_ledger.refuse('latest_per_entity', ml_ledger.feature_view_problems(view.identifier, view, spec)) -%}
{%- set keys = ml_ledger.columns(spec.entity + [spec.timestamp, spec.known_at] | select('string') | list) -%}
{%- set features, timestamp = ml_ledger.columns(spec.features), ml_ledger.column(spec.timestamp) -%}
{%- set entity = ml_ledger.columns(spec.entity) | join(', ') -%}
{%- set ties = [spec.known_at, spec.tie_breaker] + spec.features -%}
{%- set ties = ties | select('string') | list or [spec.timestamp] -%}
select
    {{ (keys + features) | unique | join(',\n    ') }}
from (
    select
        {{ (keys + features) | unique | join(',\n        ') }},
        row_number() over (
            partition by {{ entity }}
            order by
                {{ ml_ledger.order_of_ties(ties) | indent(16) }}
        ) as _ml_rank
    {#- Ordered by the timestamp and all that decides between ties at once, ranking took ten times as long or more. #}
    from (
        select
            {{ (keys + ml_ledger.columns(ties)) | unique | join(',\n            ') }},
            max({{ timestamp }}) over (partition by {{ entity }}) as _ml_latest
        from {{ view }} as _ml_feature_view
        where
            {{ ml_ledger.known_rows(spec) | indent(4) }}
    ) as _ml_known
    where {{ timestamp }} = _ml_latest
) as _ml_ranked
where _ml_rank = 1
{%- endif -%}
{%- endmacro %}
