{#
    Append events to `<ml_model>_deployments`, chained, all or none.
    Arguments: state, as returned by `operation_state`; operation, name of the operation; reason, text; events, list of
    mappings with event and, where it has them, version, slot, share, valid_from (text, by default state.valid_from) and
    details (SQL); also, statements to run in the same transaction.
    Returns: nothing.
    Example: {% do ml_ledger.record_events(state, 'ml_pause', reason, [{'event': 'paused'}]) %}
#}
{% macro record_events(state, operation, reason, events, also=[]) %}
    {% do ml_ledger.run_in_transaction([ml_ledger.insert_events(state, operation, reason, events)] + also) %}
{% endmacro %}

{#
    The statement of `record_events`, for operations that write to several ML models in one transaction.
    Arguments: state, operation, reason and events as of `record_events`.
    Returns: SQL.
#}
{% macro insert_events(state, operation, reason, events) %}
    {% set columns = ml_ledger.deployment_columns() %}
    {% set insert %}
        insert into {{ state.deployments }} ({{ columns | join(', ') }}, content_hash)
        with recursive

        {{ ml_ledger.chain_head('event_number', state.deployments) }},

        new_events as (
            {%- for event in events %}
            select
                {{ ml_ledger.text_literal(state.ml_model ~ '-') }}
                    || cast(last_number + {{ loop.index }} as {{ dbt.type_string() }})
                    as deployment_id,
                {{ ml_ledger.text_literal(state.ml_model) }} as ml_model,
                cast(last_number + {{ loop.index }} as {{ dbt.type_bigint() }}) as event_number,
                {{ ml_ledger.text_literal(event.event) }} as event,
                {{ ml_ledger.text_literal(operation) }} as operation,
                cast({{ event.get('version') or 'null' }} as {{ dbt.type_bigint() }}) as version,
                cast(
                    {{ ml_ledger.text_literal(event.slot) if event.get('slot') else 'null' }} as {{ dbt.type_string() }}
                ) as slot,
                cast(
                    {{ 'null' if event.get('share') is none else event.get('share') }} as {{ ml_ledger.type_double() }}
                ) as share,
                cast(
                    {{ ml_ledger.text_literal(event.get('valid_from') or state.valid_from) }}
                    as {{ dbt.type_timestamp() }}
                ) as valid_from,
                {{ ml_ledger.actor() }} as actor,
                {{ ml_ledger.text_literal(reason) }} as reason,
                cast(null as {{ dbt.type_string() }}) as checks,
                cast({{ event.get('details') or 'null' }} as {{ dbt.type_string() }}) as details,
                {{ ml_ledger.wall_clock() }} as recorded_at,
                '{{ invocation_id }}' as invocation_id
            from head
            {{- '\n            union all' if not loop.last }}
            {%- endfor %}
        ),

        {{ ml_ledger.chained('new_events', columns, 'event_number', state.deployments) }}

        select
            {{ columns | join(', ') }},
            content_hash
        from chained
    {% endset %}
    {% do return(insert) %}
{% endmacro %}
