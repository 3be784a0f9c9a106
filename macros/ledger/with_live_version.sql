{#
    The rows of a relation, each with the version that was champion at its moment: for many rows at once what
    `ml_version_as_of` is for one.
    Arguments: relation, with a column `ml_model`; at, the column with the moment; deployments, the relation
    ml_deployments.
    Returns: SQL, a select of the relation's columns, live_version and live_deployment_id; NULL where no version was live.
    Example: {{ ml_ledger.with_live_version(ref('orders'), 'ordered_at', ref('ml_deployments')) }}
#}
{% macro with_live_version(relation, at, deployments) -%}
{%- set champions -%}
(
    select
        ml_model,
        version,
        deployment_id,
        valid_from,
        valid_to
    from {{ deployments }}
    where
        slot = 'champion'
        and (valid_to is null or valid_to > valid_from)
) as champions
{%- endset -%}
select
    rows_at.*,
    champions.version as live_version,
    champions.deployment_id as live_deployment_id
from {{ relation }} as rows_at
{{ ml_ledger.asof_left_join(
    champions, 'rows_at.ml_model = champions.ml_model', 'rows_at.' ~ at, 'champions.valid_from', 'champions.valid_to'
) }}
{%- endmacro %}
