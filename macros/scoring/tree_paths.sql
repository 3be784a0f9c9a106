{#
    Common table expressions that say what each feature added along the paths that a row takes through the trees of a
    version: at each split the change of the node's value goes to the feature that the split looks at. Of several
    outputs, only the trees of the predicted one.

    Arguments: version, one element of `live_versions`; versions, the relation of its versions node; scored, the
    expression with the columns `_ml_leaf1`, `_ml_leaf2`, ...
    Returns: SQL: nodes_<slot>, ancestors_<slot> (recursive), leaves_<slot>, reached_<slot>, paths_<slot> with one row per
    entity and a column `_ml_path<n>` per feature.
    Example: {{ ml_ledger.tree_paths(version, versions, 'layer9_champion') }}
#}
{% macro tree_paths(version, versions, scored) %}
{%- set slot, double = version.slot, ml_ledger.type_double() -%}
{%- set leaves = [] -%}
{%- for number in range(1, version.trees + 1) -%}
    {%- do leaves.append('_ml_leaf' ~ number) -%}
{%- endfor -%}
version_{{ slot }} as (
    select nodes
    from {{ versions }}
    where version = {{ version.version }}
),

nodes_{{ slot }} as (
    {{
        ml_ledger.unnest_json('version_' ~ slot, 'nodes', [], {
            'output': 'varchar', 'tree': 'bigint', 'node': 'bigint', 'value': 'double', 'feature': 'varchar',
            'left': 'bigint', 'right': 'bigint',
        })
    }}
),

steps_{{ slot }} as (
    select
        child.tree,
        child.node,
        parent.node as parent,
        parent.feature,
        child.value - parent.value as added
    from nodes_{{ slot }} as parent
    inner join nodes_{{ slot }} as child
        on
            parent.tree = child.tree
            and child.node in (parent."left", parent."right")
),

ancestors_{{ slot }} as (
    select
        tree,
        node as leaf,
        parent,
        feature,
        added
    from steps_{{ slot }}
    where node > 0

    union all

    select
        ancestors.tree,
        ancestors.leaf,
        steps.parent,
        steps.feature,
        steps.added
    from ancestors_{{ slot }} as ancestors
    inner join steps_{{ slot }} as steps
        on
            ancestors.tree = steps.tree
            and ancestors.parent = steps.node
),

leaves_{{ slot }} as (
    select
        tree,
        leaf
        {%- for feature in version.features %},
        sum(case when feature = '{{ feature }}' then added else 0 end) as added{{ loop.index }}
        {%- endfor %}
    from ancestors_{{ slot }}
    group by tree, leaf
),

reached_{{ slot }} as (
    {{ ml_ledger.unnest_numbered(leaves, 'tree', 'leaf', ['_ml_entity_id', '_ml_predicted'], scored) }}
),

paths_{{ slot }} as (
    select
        reached._ml_entity_id
        {%- for feature in version.features %},
        cast(sum(leaves.added{{ loop.index }}) as {{ double }}) as _ml_path{{ loop.index }}
        {%- endfor %}
    from reached_{{ slot }} as reached
    inner join leaves_{{ slot }} as leaves
        on
            reached.tree = leaves.tree
            and reached.leaf = leaves.leaf
    {%- if version.outputs | length > 1 %}
    inner join (select distinct output, tree from nodes_{{ slot }}) as outputs
        on
            reached.tree = outputs.tree
            and reached._ml_predicted = outputs.output
    {%- endif %}
    group by reached._ml_entity_id
),
{%- endmacro %}
