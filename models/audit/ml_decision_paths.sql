{%- set double = ml_ledger.type_double() -%}
with recursive

tree_nodes as (
    select * from {{ ref('ml_tree_nodes') }}
),

predictions as (
    select * from {{ ref('ml_predictions') }}
),

versions_of_trees as (
    select distinct
        ml_model,
        version
    from tree_nodes
),

decisions as (
    select
        predictions.decision_id,
        predictions.ml_model,
        predictions.version,
        predictions.features
    from predictions
    inner join versions_of_trees
        on
            predictions.ml_model = versions_of_trees.ml_model
            and predictions.version = versions_of_trees.version
    where predictions.status = 'scored' and predictions.features is not null
),

features_of_trees as (
    select distinct
        ml_model,
        version,
        feature,
        transform
    from tree_nodes
    where feature is not null
),

-- What each decision's trees look at, as it was scored.
features_as_scored as (
    select
        decisions.decision_id,
        features_of_trees.feature,
        features_of_trees.transform,
        {{ ml_ledger.json_value('decisions.features', 'features_of_trees.feature') }} as feature_text
    from decisions
    inner join features_of_trees
        on
            decisions.ml_model = features_of_trees.ml_model
            and decisions.version = features_of_trees.version
),

inputs as (
    select
        decision_id,
        feature,
        transform,
        case
            when transform is not null then {{ ml_ledger.date_part_text('transform', 'feature_text') }}
            else feature_text
        end as feature_text
    from features_as_scored
),

-- From the root, split by split, to a leaf; one row per node that is passed.
paths as (
    select
        decisions.decision_id,
        tree_nodes.ml_model,
        tree_nodes.version,
        tree_nodes.output,
        tree_nodes.tree,
        tree_nodes.depth,
        tree_nodes.node,
        cast(null as {{ dbt.type_string() }}) as split_on,
        cast(null as {{ dbt.type_string() }}) as split_on_part,
        tree_nodes.value,
        cast(0 as {{ double }}) as added
    from decisions
    inner join tree_nodes
        on
            decisions.ml_model = tree_nodes.ml_model
            and decisions.version = tree_nodes.version
    where tree_nodes.depth = 0

    union all

    select
        paths.decision_id,
        paths.ml_model,
        paths.version,
        paths.output,
        paths.tree,
        child.depth,
        child.node,
        parent.feature as split_on,
        parent.transform as split_on_part,
        child.value,
        child.value - parent.value as added
    from paths
    inner join tree_nodes as parent
        on
            paths.ml_model = parent.ml_model
            and paths.version = parent.version
            and paths.tree = parent.tree
            and paths.node = parent.node
    inner join inputs
        on
            paths.decision_id = inputs.decision_id
            and parent.feature = inputs.feature
            and coalesce(parent.transform, '') = coalesce(inputs.transform, '')
    inner join tree_nodes as child
        on
            paths.ml_model = child.ml_model
            and paths.version = child.version
            and paths.tree = child.tree
            and child.node = case
                when inputs.feature_text is null
                    then case when parent.missing_goes = 'left' then parent.left_node else parent.right_node end
                when parent.threshold is not null
                    then case
                        when cast(inputs.feature_text as {{ double }}) <= parent.threshold then parent.left_node
                        else parent.right_node
                    end
                when (parent.levels_go = 'left') = {{ ml_ledger.json_array_has('parent.levels', 'feature_text') }}
                    then parent.left_node
                else parent.right_node
            end
)

select
    decision_id,
    ml_model,
    version,
    output,
    tree,
    depth,
    node,
    split_on,
    split_on_part,
    value,
    added
from paths
