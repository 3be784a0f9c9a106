{#
    For each entity and as-of moment of one relation, the latest timestamp of another's rows that could be seen then.
    Only the timestamp: which of several rows that share it is meant, is not an as-of join's to say.
    Arguments: keys, relation with the columns of the entity and `_ml_as_of`, no two rows alike, none NULL; moments,
    relation with the columns of the entity, `_ml_timestamp` and `_ml_seen_from`, when the row could be seen, never
    before its timestamp, none of them NULL; late, whether it can be after its timestamp; entity, list of the columns.
    Returns: SQL, a select of the columns of the entity, `_ml_as_of` and `_ml_timestamp`; where nothing could be seen,
    the timestamp is NULL or the row is missing.
    Example: see macros/features/point_in_time_join.sql
#}
{% macro latest_timestamp(keys, moments, late, entity) %}
    {% do return(adapter.dispatch('latest_timestamp', 'ml_ledger')(keys, moments, late, entity)) %}
{% endmacro %}

{% macro default__latest_timestamp(keys, moments, late, entity) -%}
select
    {{ entity | join(', ') }},
    _ml_as_of,
    _ml_timestamp
from (
    select
        {{ entity | join(', ') }},
        _ml_as_of,
        max(_ml_timestamp) over (
            partition by {{ entity | join(', ') }}
            order by _ml_seen_from
            range between unbounded preceding and current row
        ) as _ml_timestamp
    from (
        select
            {{ entity | join(', ') }},
            _ml_as_of,
            _ml_as_of as _ml_seen_from,
            null as _ml_timestamp
        from {{ keys }}
        union all
        select
            {{ entity | join(', ') }},
            null as _ml_as_of,
            _ml_seen_from,
            _ml_timestamp
        from {{ moments }}
    ) as _ml_timeline
) as _ml_seen
where _ml_as_of is not null
{%- endmacro %}

{# An as-of join finds the row that was seen last, which is the one with the latest timestamp only if none came late. #}
{% macro duckdb__latest_timestamp(keys, moments, late, entity) -%}
{%- if late -%}
{{ ml_ledger.default__latest_timestamp(keys, moments, late, entity) }}
{%- else -%}
select
    {%- for column in entity %}
    keys.{{ column }},
    {%- endfor %}
    keys._ml_as_of,
    moments._ml_timestamp
from {{ keys }} as keys
asof inner join {{ moments }} as moments
    on
        {{ ml_ledger.same_entity('keys', entity, 'moments', entity) | indent(8) }}
        and keys._ml_as_of >= moments._ml_timestamp
{%- endif -%}
{%- endmacro %}
