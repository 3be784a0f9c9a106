{#
    The latest text per feature and direction, as one row with one value `_ml_texts` that `reason_texts_by_push` looks
    up.
    Arguments: reason_texts, relation with the columns feature, direction ('raises' or 'lowers' the score), text_version
    (a whole number) and reason_text.
    Returns: SQL, a select.
    Example: {{ ml_ledger.reason_text_map(ref('repurchase_reason_texts')) }}
#}
{% macro reason_text_map(reason_texts) %}
    {% do return(adapter.dispatch('reason_text_map', 'ml_ledger')(reason_texts)) %}
{% endmacro %}

{% macro default__reason_text_map(reason_texts) %}
    {% do ml_ledger.unsupported('reason_text_map') %}
{% endmacro %}

{% macro duckdb__reason_text_map(reason_texts) -%}
    select
        map_from_entries(list({
            'key': feature || ' ' || direction,
            'value': {'text': reason_text, 'version': text_version}
        })) as _ml_texts
    from (
        select
            *,
            row_number() over (partition by feature, direction order by text_version desc) as _ml_age
        from {{ reason_texts }}
    ) as ranked
    where _ml_age = 1
{%- endmacro %}

{#
    What `reason_text_map` has on each feature, looked up once per query and not once per row: a list of the ends of
    JSON objects, where the n-th feature's for 'raises' is element 2n - 1, and for 'lowers' 2n.
    Arguments: pushes, mapping with the features as keys.
    Returns: SQL over `_ml_texts`.
    Example: {{ ml_ledger.reason_texts_by_push({'recency_days': '_ml_push1'}) }} as _ml_texts
#}
{% macro reason_texts_by_push(pushes) %}
    {% do return(adapter.dispatch('reason_texts_by_push', 'ml_ledger')(pushes)) %}
{% endmacro %}

{% macro default__reason_texts_by_push(pushes) %}
    {% do ml_ledger.unsupported('reason_texts_by_push') %}
{% endmacro %}

{% macro duckdb__reason_texts_by_push(pushes) -%}
    list_transform(
                [
                    {%- for feature in pushes %}
                    {{ ml_ledger.text_literal(feature ~ ' raises') }}, {{ ml_ledger.text_literal(feature ~ ' lowers') }}
                    {{- ',' if not loop.last }}
                    {%- endfor %}
                ],
                lambda looked_up:
                    ',"text":' || coalesce(cast(to_json(_ml_texts[looked_up].text) as {{ dbt.type_string() }}), 'null')
                    || ',"text_version":'
                    || coalesce(cast(to_json(_ml_texts[looked_up].version) as {{ dbt.type_string() }}), 'null')
            )
{%- endmacro %}
