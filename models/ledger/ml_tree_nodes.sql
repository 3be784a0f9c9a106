{%- set text, whole = dbt.type_string(), dbt.type_bigint() -%}
with

versions as (
    {{
        ml_ledger.union_ml_models('versions', {
            'ml_model': text, 'version': whole, 'nodes': text,
        }) | indent(4)
    }}
),

nodes as (
    {{
        ml_ledger.unnest_json('versions', 'nodes', ['ml_model', 'version'], {
            'output': 'varchar',
            'tree': 'bigint',
            'node': 'bigint',
            'depth': 'bigint',
            'value': 'double',
            'feature': 'varchar',
            'transform': 'varchar',
            'threshold': 'double',
            'levels': 'varchar',
            'levels_go': 'varchar',
            'missing_goes': 'varchar',
            'left': 'bigint',
            'right': 'bigint',
        })
    }}
)

select
    ml_model,
    version,
    output,
    tree,
    node,
    depth,
    value,
    feature,
    transform,
    threshold,
    levels,
    levels_go,
    missing_goes,
    "left" as left_node,
    "right" as right_node
from nodes
