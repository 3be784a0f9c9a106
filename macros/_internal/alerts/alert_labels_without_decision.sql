{#
    Rule labels_without_decision: labels of a day that was decided on, of entities about whom nothing was decided.
    docs/alerts/labels_without_decision.md
    Arguments: ml_model, its name; predictions, labels, relations.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_labels_without_decision(ml_model, predictions, labels) -%}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set entity = 'cast(' ~ ml_ledger.quoted(spec.entity, '_ml_labels') ~ ' as ' ~ dbt.type_string() ~ ')' -%}
{%- set as_of = 'cast(' ~ ml_ledger.quoted(spec.as_of, '_ml_labels') ~ ' as ' ~ dbt.type_timestamp() ~ ')' -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(period_start='max(' ~ as_of ~ ')') }},
    count(*) as value,
    0 as threshold,
    cast(count(*) as {{ dbt.type_string() }})
    || ' labels are of entities about whom nothing was decided on that day, for'
    || ' instance ' || min({{ entity }}) as message
from {{ labels }} as _ml_labels
where
    cast(_ml_labels.matured_at as {{ dbt.type_timestamp() }}) <= {{ ml_ledger.clock() }}
    {%- if spec.never %}
    and not coalesce({{ ml_ledger.quoted(spec.never, '_ml_labels') }}, false)
    {%- endif %}
    and {{ as_of }} in (select predictions.as_of from {{ predictions }} as predictions)
    and not exists (
        select 1
        from {{ predictions }} as predictions
        where
            predictions.as_of = {{ as_of }}
            and predictions.entity_id = {{ entity }}
    )
having count(*) > 0
{%- endmacro %}
