{#
    The rows of a relation, each with the version that was champion at its moment: for many rows at once what
    `ml_version_as_of` is for one. Rows meet deployments in the hours that both are in: an equality join, which is three
    to four times as fast as one by range, or an as-of join, and needs no order.
    Arguments: relation, with a column `ml_model`; at, the column with the moment; deployments, the relation
    ml_deployments.
    Returns: SQL, a select of the relation's columns, live_version and live_deployment_id; NULL where no version was
    live.
    Example: {{ ml_ledger.with_live_version(ref('orders'), 'ordered_at', ref('ml_deployments')) }}
#}
{% macro with_live_version(relation, at, deployments) -%}
with

last_moment as (
    select max({{ at }}) as last_moment from {{ relation }}
),

champions as (
    select
        deployments.ml_model,
        deployments.version,
        deployments.deployment_id,
        deployments.valid_from,
        deployments.valid_to,
        {{ dbt.date_trunc('hour', 'deployments.valid_from') }} as first_hour,
        coalesce(least(deployments.valid_to, last_moment.last_moment), last_moment.last_moment) as until
    from {{ deployments }} as deployments
    cross join last_moment
    where
        deployments.slot = 'champion'
        and (deployments.valid_to is null or deployments.valid_to > deployments.valid_from)
),

by_hour as (
    select
        ml_model,
        version,
        deployment_id,
        valid_from,
        valid_to,
        {{ ml_ledger.hours_between('first_hour', 'until') }} as hour_of_deployment
    from champions
)

select
    rows_at.*,
    by_hour.version as live_version,
    by_hour.deployment_id as live_deployment_id
from {{ relation }} as rows_at
left join by_hour
    on
        rows_at.ml_model = by_hour.ml_model
        and {{ dbt.date_trunc('hour', 'rows_at.' ~ at) }} = by_hour.hour_of_deployment
        and rows_at.{{ at }} >= by_hour.valid_from
        and (by_hour.valid_to is null or rows_at.{{ at }} < by_hour.valid_to)
{%- endmacro %}
