{%- set double = ml_ledger.type_double() -%}
{%- set rules = ml_ledger.rule_versions(ref('ml_coefficients'), ref('ml_versions')) -%}
with

predictions as (
    select * from {{ ref('ml_predictions') }}
),

coefficients as (
    select * from {{ ref('ml_coefficients') }}
),

paths as (
    select * from {{ ref('ml_decision_paths') }}
),

-- Every decision beside every row of the version that made it, with the input as it was scored.
inputs as (
    select
        predictions.decision_id,
        coefficients.*,
        {{ ml_ledger.json_value('predictions.features', 'coefficients.feature') }} as feature_text
    from predictions
    inner join coefficients
        on
            predictions.ml_model = coefficients.ml_model
            and predictions.version = coefficients.version
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

-- Of every term, the one row that matches. A row for unknown levels matches where no level of its term does.
matching as (
    select numbers.*
    from numbers
    left join coefficients as levels
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
            when transform in ('log1p', 'squared_log1p') then slope * ln(1 + feature_number) + coalesce(value, 0)
            else slope * feature_number + coalesce(value, 0)
        end as effect
    from matching
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
        slope,
        transform,
        value,
        contribution,
        contribution - reference as against_average,
        points
    from contributing
)

select * from terms
