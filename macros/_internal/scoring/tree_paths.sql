{#
    Common table expressions that say what each feature added along the paths that a row takes through the trees of a
    version: at each split the change of the node's value goes to the feature that the split looks at. Of several
    outputs, only the trees of the predicted one.

    Arguments: version, one element of `live_versions`; versions, the relation of its versions node; scored, the
    expression with the columns `_ml_leaf1`, `_ml_leaf2`, ...
    Returns: SQL: nodes_<arm>, ancestors_<arm> (recursive), leaves_<arm>, reached_<arm>, paths_<arm> with one row per
    entity and a column `_ml_path<n>` per feature.
    Example: {{ ml_ledger.tree_paths(version, versions, 'layer9_champion') }}
#}
{% macro tree_paths(version, versions, scored) %}
{%- set arm, double = version.arm, ml_ledger.type_double() -%}
{%- set leaves = [] -%}
{%- for number in range(1, version.trees + 1) -%}
    {%- do leaves.append('_ml_leaf' ~ number) -%}
{%- endfor -%}
version_{{ arm }} as (
    select nodes
    from {{ versions }}
    where version = {{ version.version }}
),

nodes_{{ arm }} as (
    {{
        ml_ledger.unnest_json('version_' ~ arm, 'nodes', [], {
            'output': 'varchar', 'tree': 'bigint', 'node': 'bigint', 'value': 'double', 'feature': 'varchar',
            'left': 'bigint', 'right': 'bigint',
        })
    }}
),

{{ ml_ledger.tree_ancestors(arm) }},

leaves_{{ arm }} as (
    select
        tree,
        leaf
        {%- for feature in version.features %},
        sum(case when feature = {{ ml_ledger.text_literal(feature) }} then added else 0 end) as added{{ loop.index }}
        {%- endfor %}
    from ancestors_{{ arm }}
    group by tree, leaf
),

reached_{{ arm }} as (
    {{ ml_ledger.unnest_numbered(leaves, '_ml_tree', '_ml_leaf', ['_ml_entity_id', '_ml_predicted'], scored) }}
),

paths_{{ arm }} as (
    select
        reached._ml_entity_id
        {%- for feature in version.features %},
        cast(sum(leaves.added{{ loop.index }}) as {{ double }}) as _ml_path{{ loop.index }}
        {%- endfor %}
    from reached_{{ arm }} as reached
    inner join leaves_{{ arm }} as leaves
        on
            reached._ml_tree = leaves.tree
            and reached._ml_leaf = leaves.leaf
    {%- if version.outputs | length > 1 %}
    inner join (select distinct output, tree from nodes_{{ arm }}) as outputs
        on
            reached._ml_tree = outputs.tree
            and reached._ml_predicted = outputs.output
    {%- endif %}
    group by reached._ml_entity_id
),
{%- endmacro %}

{#
    Common table expressions that end in ancestors_<arm> (recursive): of each leaf the splits above it, with what the
    step from there added.
    Arguments: arm, of a live version.
    Returns: SQL.
#}
{% macro tree_ancestors(arm) -%}
steps_{{ arm }} as (
    select
        child.tree,
        child.node,
        parent.node as parent,
        parent.feature,
        child.value - parent.value as added
    from nodes_{{ arm }} as parent
    inner join nodes_{{ arm }} as child
        on
            parent.tree = child.tree
            and child.node in (parent."left", parent."right")
),

ancestors_{{ arm }} as (
    select
        tree,
        node as leaf,
        parent,
        feature,
        added
    from steps_{{ arm }}
    where node > 0

    union all

    select
        ancestors.tree,
        ancestors.leaf,
        steps.parent,
        steps.feature,
        steps.added
    from ancestors_{{ arm }} as ancestors
    inner join steps_{{ arm }} as steps
        on
            ancestors.tree = steps.tree
            and ancestors.parent = steps.node
)
{%- endmacro %}
