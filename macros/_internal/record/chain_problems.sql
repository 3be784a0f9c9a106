{#
    What is wrong with a chain: rows whose content is not what was recorded, that are missing, or out of order.
    Arguments: ml_model, its name; relation, which holds the chain; number, the column that numbers its rows; apart,
    list of columns that its hashes do not cover.
    Returns: SQL, a select of ml_model, table_name, row_name, problem. No row if the relation does not exist yet.
    Example: {{ ml_ledger.chain_problems('repurchase', ref('repurchase_versions'), 'version') }}
#}
{% macro chain_problems(ml_model, relation, number, apart=[]) -%}
{%- set text = dbt.type_string() -%}
{%- set columns = ml_ledger.column_types(relation) -%}
{%- if 'content_hash' not in columns -%}
{{ ml_ledger.no_problems() }}
{%- else -%}
{%- set content = {} -%}
{%- for column, type in columns.items() if column not in ['content_hash', 'onnx'] + apart -%}
    {%- do content.update({column: type}) -%}
{%- endfor -%}
select
    '{{ ml_model }}' as ml_model,
    '{{ relation.identifier }}' as table_name,
    '{{ number }} ' || coalesce(cast({{ number }} as {{ text }}), 'NULL') as row_name,
    problem
from (
    select
        {{ number }},
        case
            when content_hash is null
                then 'it has no hash: it was written by an earlier ml_ledger, or by somebody else'
            when content_hash <> recomputed_hash
                then 'its content is not what was recorded: SHA-256 ' || recomputed_hash || ', recorded '
                    || content_hash
            {%- if 'onnx' in columns %}
            when is_other_estimator = 1
                then 'its estimator is not what was recorded'
            {%- endif %}
            when {{ number }} is null
                then 'it has no number'
            when {{ number }} = number_before
                then 'duplicate row'
            when {{ number }} <> coalesce(number_before, 0) + 1
                then 'the rows before it are missing, from {{ number }} '
                    || cast(coalesce(number_before, 0) + 1 as {{ text }})
            when coalesce(previous_hash, '') <> coalesce(hash_before, '')
                then 'it does not follow the row before it: previous_hash is ' || coalesce(previous_hash, 'NULL')
                    || ', that row has ' || coalesce(hash_before, 'NULL')
        end as problem
    from (
        select
            {{ number }},
            content_hash,
            previous_hash,
            {{ ml_ledger.sha256(ml_ledger.canonical_text(content)) }} as recomputed_hash,
            {%- if 'onnx' in columns %}
            case
                when coalesce({{ ml_ledger.sha256('onnx') }}, '') <> coalesce(estimator_sha256, '') then 1
                else 0
            end as is_other_estimator,
            {%- endif %}
            lag({{ number }}) over (order by {{ number }}) as number_before,
            lag(content_hash) over (order by {{ number }}) as hash_before
        from {{ relation }}
    ) as links
) as checked
where problem is not null
{%- endif -%}
{%- endmacro %}

{#
    The columns of problems, with no row.
    Returns: SQL, a select.
#}
{% macro no_problems() -%}
select
    cast(null as {{ dbt.type_string() }}) as ml_model,
    cast(null as {{ dbt.type_string() }}) as table_name,
    cast(null as {{ dbt.type_string() }}) as row_name,
    cast(null as {{ dbt.type_string() }}) as problem
where 1 = 0
{%- endmacro %}
