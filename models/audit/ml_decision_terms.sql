{%- set double = ml_ledger.type_double() -%}
{%- set rules = ml_ledger.rule_versions(ref('ml_coefficients'), ref('ml_versions')) -%}
with

-- Without those whose values were erased.
predictions as (
    select * from {{ ref('ml_predictions') }}
    where features is not null
),

coefficients as (
    select * from {{ ref('ml_coefficients') }}
),

paths as (
    select * from {{ ref('ml_decision_paths') }}
),

-- Of a pair of features, the conditions on the first: each once, however many there are on the second.
pairs as (
    select * from coefficients
    where other_feature is not null
),

conditions as (
    select
        ml_model,
        version,
        output,
        term,
        feature,
        applies_to,
        level,
        lower_bound,
        upper_bound,
        slope,
        transform,
        value,
        reference,
        points,
        other_feature
    from coefficients
    where other_feature is null

    union all

    select distinct
        ml_model,
        version,
        output,
        term,
        feature,
        applies_to,
        level,
        lower_bound,
        upper_bound,
        slope,
        transform,
        cast(null as {{ double }}) as value,  -- noqa: RF04
        reference,
        points,
        other_feature
    from pairs
),

-- Every decision beside every condition of the version that made it, with the input as it was scored.
inputs as (
    select
        predictions.decision_id,
        conditions.*,
        {{ ml_ledger.json_value('predictions.features', 'conditions.feature') }} as feature_text
    from predictions
    inner join conditions
        on
            predictions.ml_model = conditions.ml_model
            and predictions.version = conditions.version
),

-- What the expressions of rules give for the inputs as scored.
rule_values as (
    {{ ml_ledger.rule_values(rules, 'predictions') | indent(4) }}
),

numbers as (
    select
        inputs.*,
        case
            when inputs.applies_to = 'value' then cast(inputs.feature_text as {{ double }})
            when inputs.applies_to = 'expression' then rule_values.rule_value
        end as feature_number,
        case
            when inputs.transform in ('weekday', 'month', 'quarter', 'day', 'hour', 'year')
                then {{ ml_ledger.date_part_text('inputs.transform', 'inputs.feature_text') }}
            else inputs.feature_text
        end as level_text
    from inputs
    left join rule_values
        on
            inputs.decision_id = rule_values.decision_id
            and inputs.output = rule_values.output
            and inputs.term = rule_values.term
),

-- Of every term, the one condition that matches. A row for unknown levels matches where no level of its term does.
matching as (
    select numbers.*
    from numbers
    left join conditions as levels
        on
            numbers.applies_to = 'unknown'
            and numbers.ml_model = levels.ml_model
            and numbers.version = levels.version
            and numbers.output = levels.output
            and numbers.term = levels.term
            and numbers.level_text = levels.level
    where
        numbers.applies_to = 'intercept'
        or (numbers.applies_to = 'missing' and numbers.feature_text is null)
        or (numbers.applies_to = 'level' and numbers.level_text = numbers.level)
        or (numbers.applies_to = 'unknown' and numbers.level_text is not null and levels.level is null)
        or (
            numbers.applies_to in ('value', 'expression')
            and abs(numbers.feature_number) <= {{ ml_ledger.largest_double() }}
            and (numbers.lower_bound is null or numbers.feature_number >= numbers.lower_bound)
            and (numbers.upper_bound is null or numbers.feature_number < numbers.upper_bound)
        )
),

lines as (
    select
        *,
        case
            when slope is null then coalesce(value, 0)
            when transform = 'log' then slope * ln(feature_number) + coalesce(value, 0)
            when transform in ('log1p', 'squared_log1p') then slope * ln(1 + feature_number) + coalesce(value, 0)
            else slope * feature_number + coalesce(value, 0)
        end as effect
    from matching
    where other_feature is null
),

-- What the splits of trees that look at a feature added on the way to the leaves.
tree_contributions as (
    select
        decision_id,
        output,
        split_on,
        split_on_part,
        sum(added) as added
    from paths
    where split_on is not null
    group by decision_id, output, split_on, split_on_part
),

contributing as (
    select
        lines.*,
        coalesce(tree_contributions.added, 0)
        + case
            when lines.transform in ('squared', 'squared_log1p') then lines.effect * lines.effect
            else lines.effect
        end as contribution
    from lines
    left join tree_contributions
        on
            lines.decision_id = tree_contributions.decision_id
            and lines.output = tree_contributions.output
            and lines.feature = tree_contributions.split_on
            and coalesce(lines.transform, '') = coalesce(tree_contributions.split_on_part, '')
),

-- Of a pair, the rows for what matched of the first feature, with the second as it was scored.
cells as (
    select
        matching.decision_id,
        matching.feature_text,
        pairs.*,
        {{ ml_ledger.json_value('predictions.features', 'pairs.other_feature') }} as other_text
    from matching
    inner join pairs
        on
            matching.ml_model = pairs.ml_model
            and matching.version = pairs.version
            and matching.output = pairs.output
            and matching.term = pairs.term
            and matching.applies_to = pairs.applies_to
            and matching.level is not distinct from pairs.level
            and matching.lower_bound is not distinct from pairs.lower_bound
            and matching.upper_bound is not distinct from pairs.upper_bound
    inner join predictions
        on matching.decision_id = predictions.decision_id
    where matching.other_feature is not null
),

cell_numbers as (
    select
        *,
        case when other_applies_to = 'value' then cast(other_text as {{ double }}) end as other_number
    from cells
),

other_levels as (
    select distinct
        ml_model,
        version,
        output,
        term,
        other_level
    from pairs
    where other_level is not null
),

matching_cells as (
    select cell_numbers.*
    from cell_numbers
    left join other_levels
        on
            cell_numbers.other_applies_to = 'unknown'
            and cell_numbers.ml_model = other_levels.ml_model
            and cell_numbers.version = other_levels.version
            and cell_numbers.output = other_levels.output
            and cell_numbers.term = other_levels.term
            and cell_numbers.other_text = other_levels.other_level
    where
        (cell_numbers.other_applies_to = 'missing' and cell_numbers.other_text is null)
        or (cell_numbers.other_applies_to = 'level' and cell_numbers.other_text = cell_numbers.other_level)
        or (
            cell_numbers.other_applies_to = 'unknown'
            and cell_numbers.other_text is not null
            and other_levels.other_level is null
        )
        or (
            cell_numbers.other_applies_to = 'value'
            and abs(cell_numbers.other_number) <= {{ ml_ledger.largest_double() }}
            and (
                cell_numbers.other_lower_bound is null
                or cell_numbers.other_number >= cell_numbers.other_lower_bound
            )
            and (
                cell_numbers.other_upper_bound is null
                or cell_numbers.other_number < cell_numbers.other_upper_bound
            )
        )
),

terms as (
    select
        decision_id,
        ml_model,
        version,
        output,
        term,
        feature,
        applies_to,
        feature_text as feature_value,
        cast(null as {{ dbt.type_string() }}) as other_feature,
        cast(null as {{ dbt.type_string() }}) as other_applies_to,
        cast(null as {{ dbt.type_string() }}) as other_value,
        slope,
        transform,
        value,
        contribution,
        contribution - reference as against_average,
        points
    from contributing

    union all

    select
        decision_id,
        ml_model,
        version,
        output,
        term,
        feature,
        applies_to,
        feature_text as feature_value,
        other_feature,
        other_applies_to,
        other_text as other_value,
        slope,
        transform,
        value,
        coalesce(value, 0) as contribution,
        coalesce(value, 0) - reference as against_average,
        points
    from matching_cells
)

select * from terms
