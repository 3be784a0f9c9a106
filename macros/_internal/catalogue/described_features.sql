{#
    What is known of the features of a view without reading it.
    Arguments: view, as of `feature_views`; readers, names of the ML models that read it.
    Returns: SQL, a select of number, from 1, feature, data_type, kind, description and used_by_ml_models.
#}
{% macro described_features(view, readers) -%}
{%- set uses = ml_ledger.declared_uses(view, readers) -%}
{%- set descriptions = {} -%}
{%- for name, column in (view.node.get('columns') or {}).items() if column.get('description') -%}
    {%- do descriptions.update({name | lower: column.description | trim}) -%}
{%- endfor -%}
{%- for feature in view.features -%}
{%- set feature = ml_ledger.column_name(feature) -%}
{%- set type = view.types[feature | lower] -%}
{%- set used = uses.get(feature | lower, {}) -%}
{%- set kinds = used.values() | select('string') | unique | list -%}
{%- set description = descriptions.get(feature | lower) -%}
select
    {{ loop.index }} as number,
    {{ ml_ledger.text_literal(feature | lower) }} as feature,
    {{ ml_ledger.text_literal(type) }} as data_type,
    {{ ml_ledger.text_literal(kinds[0] if kinds | length == 1 else ml_ledger.column_kind(type)) }} as kind,
    {{ 'null' if description is none else ml_ledger.text_literal(description) }} as description,
    {{ ml_ledger.text_literal(used.keys() | list | tojson) }} as used_by_ml_models
{% if not loop.last -%}
union all
{% endif -%}
{%- endfor -%}
{%- endmacro %}
