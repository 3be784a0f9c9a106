{%- set text, double, whole = dbt.type_string(), ml_ledger.type_double(), dbt.type_bigint() -%}
{%- set largest = ml_ledger.largest_double() -%}
{%- set date_parts = "('weekday', 'month', 'quarter', 'day', 'hour', 'year')" -%}
{%- set declared_features = ml_ledger.json_path('link_targets.spec', ['features']) -%}
{#- One chain of expressions, so that a filter on decision_id reaches the predictions. -#}
with

coefficients as (
    select * from {{ ref('ml_coefficients') }}
),

versions_of_rules as (
    select distinct
        ml_model,
        version
    from coefficients
    where applies_to = 'expression'
),

versions_of_trees as (
    select distinct
        ml_model,
        version
    from {{ ref('ml_tree_nodes') }}
),

calibrated_versions as (
    select distinct
        ml_model,
        version
    from coefficients
    where output = 'calibration'
),

-- The threshold on the scale on which scores are compared with it: log-odds, a logarithm, or an amount.
cutoffs as (
    select
        versions.ml_model,
        versions.version,
        versions.spec,
        versions.link,
        versions.estimator_sha256 is not null as is_estimator,
        versions_of_rules.version is not null as is_rule,
        versions_of_trees.version is not null as has_trees,
        calibrated_versions.version is not null as is_calibrated,
        case
            when
                (calibrated_versions.version is not null or versions.link = 'logit')
                and versions.threshold > 0
                and versions.threshold < 1
                then ln(versions.threshold / (1 - versions.threshold))
            when versions.link = 'log' and versions.threshold > 0 then ln(versions.threshold)
            when versions.link = 'identity' and calibrated_versions.version is null then versions.threshold
        end as cutoff
    from {{ ref('ml_versions') }} as versions
    left join versions_of_rules
        on
            versions.ml_model = versions_of_rules.ml_model
            and versions.version = versions_of_rules.version
    left join versions_of_trees
        on
            versions.ml_model = versions_of_trees.ml_model
            and versions.version = versions_of_trees.version
    left join calibrated_versions
        on
            versions.ml_model = calibrated_versions.ml_model
            and versions.version = calibrated_versions.version
),

-- From which link score on the score is at the threshold; NULL where no link score is.
link_targets as (
    select
        cutoffs.ml_model,
        cutoffs.version,
        cutoffs.spec,
        cutoffs.link,
        cutoffs.is_estimator,
        cutoffs.is_rule,
        cutoffs.has_trees,
        coalesce(max(case when calibration.slope < 0 then 1 else 0 end), 0) = 1 as falls,
        case
            when not cutoffs.is_calibrated then cutoffs.cutoff
            else min(
                case
                    when coalesce(calibration.slope, 0) = 0 and calibration.value >= cutoffs.cutoff
                        then coalesce(calibration.lower_bound, -{{ largest }})
                    when
                        calibration.slope > 0
                        and (
                            calibration.upper_bound is null
                            or calibration.slope * calibration.upper_bound + coalesce(calibration.value, 0)
                            > cutoffs.cutoff
                        )
                        then greatest(
                            coalesce(calibration.lower_bound, -{{ largest }}),
                            (cutoffs.cutoff - coalesce(calibration.value, 0)) / calibration.slope
                        )
                end
            )
        end as link_target
    from cutoffs
    left join coefficients as calibration
        on
            cutoffs.ml_model = calibration.ml_model
            and cutoffs.version = calibration.version
            and calibration.output = 'calibration'
    group by
        cutoffs.ml_model,
        cutoffs.version,
        cutoffs.spec,
        cutoffs.link,
        cutoffs.is_estimator,
        cutoffs.is_rule,
        cutoffs.has_trees,
        cutoffs.is_calibrated,
        cutoffs.cutoff
),

mentions as (
    select
        ml_model,
        version,
        feature,
        transform,
        other_feature
    from coefficients
    where feature is not null

    union all

    select
        ml_model,
        version,
        other_feature as feature,
        transform,
        other_feature
    from coefficients
    where other_feature is not null
),

-- What each version reads, with why the way back from the threshold to a value of it is not known, if it is not.
features as (
    select
        mentions.ml_model,
        mentions.version,
        mentions.feature,
        link_targets.spec,
        link_targets.link_target,
        {{ ml_ledger.json_value(declared_features, 'mentions.feature') }} as declared,
        case
            when link_targets.is_estimator then 'the version is an estimator'
            when link_targets.is_rule then 'the version is a rule'
            when link_targets.has_trees then 'the version has trees'
            when link_targets.link in ('softmax', 'shares', 'distance') then 'the version has several outputs'
            when max(case when mentions.transform in {{ date_parts }} then 1 else 0 end) = 1
                then 'the parts of a date change together'
            when max(case when mentions.other_feature is not null then 1 else 0 end) = 1
                then 'it is part of a pair of features'
            when link_targets.falls then 'the calibrated score falls where the link score rises'
        end as no_change_because
    from mentions
    inner join link_targets
        on
            mentions.ml_model = link_targets.ml_model
            and mentions.version = link_targets.version
    group by
        mentions.ml_model,
        mentions.version,
        mentions.feature,
        link_targets.spec,
        link_targets.link,
        link_targets.link_target,
        link_targets.is_estimator,
        link_targets.is_rule,
        link_targets.has_trees,
        link_targets.falls
),

inputs as (
    select
        predictions.decision_id,
        predictions.ml_model,
        predictions.version,
        predictions.decided_at,
        predictions.link_score,
        predictions.score < predictions.threshold as goes_up,
        features.feature,
        features.spec,
        features.link_target,
        features.declared,
        {{ ml_ledger.json_value('predictions.features', 'features.feature') }} as feature_value,
        case
            when predictions.features is null then 'its values were erased'
            when predictions.status <> 'scored' then 'it has no score'
            when predictions.decision_source = 'paused' then 'the ML model was paused'
            else features.no_change_because
        end as no_change_because
    from {{ ref('ml_predictions') }} as predictions
    inner join features
        on
            predictions.ml_model = features.ml_model
            and predictions.version = features.version
    where predictions.threshold is not null or predictions.decision is not null
),

-- Every row of the feature's term, as a way in which the decision might have been another.
rows_of_term as (
    select
        inputs.*,
        coefficients.applies_to,
        coefficients.level,
        coefficients.slope,
        coefficients.transform,
        coalesce(coefficients.value, 0) as value,  -- noqa: RF04
        coefficients.lower_bound,
        coefficients.upper_bound,
        case when coefficients.applies_to = 'value' then cast(inputs.feature_value as {{ double }}) end as number,
        max(case when coefficients.level = inputs.feature_value then 1 else 0 end) over (
            partition by inputs.decision_id, inputs.feature
        ) as is_known_level,
        cast({{ ml_ledger.json_path('inputs.declared', ['bounds[0]']) }} as {{ double }}) as declared_lower,
        cast({{ ml_ledger.json_path('inputs.declared', ['bounds[1]']) }} as {{ double }}) as declared_upper
    from inputs
    left join coefficients
        on
            inputs.no_change_because is null
            and inputs.ml_model = coefficients.ml_model
            and inputs.version = coefficients.version
            and inputs.feature = coefficients.feature
            and coefficients.output <> 'calibration'
),

applied as (
    select
        *,
        case
            when applies_to = 'missing' then feature_value is null
            when applies_to = 'level' then coalesce(feature_value = level, false)
            when applies_to = 'unknown' then feature_value is not null and is_known_level = 0
            when number is null then false
            else (lower_bound is null or number >= lower_bound) and (upper_bound is null or number < upper_bound)
        end as is_current,
        -- What the row and the declared bounds leave. The row's upper bound itself belongs to the next row.
        greatest(
            coalesce(lower_bound, -{{ largest }}),
            coalesce(declared_lower, -{{ largest }})
        ) as lowest,
        least(
            case
                when upper_bound is null then {{ largest }}
                when upper_bound - 1e-9 * greatest(1, abs(upper_bound)) < lower_bound then lower_bound
                else upper_bound - 1e-9 * greatest(1, abs(upper_bound))
            end,
            coalesce(declared_upper, {{ largest }})
        ) as highest,
        case
            when coalesce(slope, 0) = 0 then value
            when transform = 'log1p' then slope * ln(1 + case when number > -1 then number end) + value
            else slope * number + value
        end as effect
    from rows_of_term
),

-- What the feature would have to add instead: a little more (or less) than what takes the score to the threshold, so
-- that rounding cannot leave it on the wrong side.
wanted as (
    select
        *,
        case
            when goes_up then coalesce(link_target, {{ largest }}) + 1e-9 * greatest(1, abs(link_target))
            else coalesce(link_target, {{ largest }}) - 1e-9 * greatest(1, abs(link_target))
        end - link_score as wanted_change,
        max(case when is_current then effect end) over (partition by decision_id, feature) as current_effect
    from applied
),

-- Where the row's line adds that: a step anywhere or nowhere, a slope from a point on.
crossings as (
    select
        *,
        case
            when coalesce(slope, 0) = 0 then null
            when transform = 'log1p'
                then exp(least(700, (current_effect + wanted_change - value) / slope)) - 1
            else (current_effect + wanted_change - value) / slope
        end as crossing,
        case
            when goes_up then value >= current_effect + wanted_change
            else value <= current_effect + wanted_change
        end as step_crosses
    from wanted
),

ranges as (
    select
        *,
        case
            when applies_to <> 'value' or crossing is null then lowest
            when (slope > 0) = goes_up and transform = 'log1p' then greatest(lowest, crossing + 2.3e-16)
            when (slope > 0) = goes_up then greatest(lowest, crossing)
            else lowest
        end as range_from,
        case
            when applies_to <> 'value' or crossing is null then highest
            when (slope > 0) = goes_up then highest
            -- Near -1, 1 + x is rounded: on the safe side, and the lowest value may still be beyond the crossing.
            when transform = 'log1p' then least(highest, greatest(crossing - 2.3e-16, lowest))
            else least(highest, crossing)
        end as range_to
    from crossings
),

ways as (
    select
        *,
        case
            when applies_to = 'value'
                then coalesce(range_from <= range_to and (crossing is not null or step_crosses), false)
            else coalesce(step_crosses, false)
        end as may_cross,
        case when applies_to = 'value' then least(greatest(coalesce(number, 0), range_from), range_to) end as new_number
    from ranges
),

measured as (
    select
        *,
        abs(new_number - number) as distance,
        case
            when coalesce(slope, 0) = 0 then value
            when transform = 'log1p' then slope * ln(1 + case when new_number > -1 then new_number end) + value
            else slope * new_number + value
        end - current_effect as link_change
    from ways
),

checked as (
    select
        *,
        case
            when not may_cross or link_change is null then false
            when goes_up then link_change >= wanted_change - 5e-10
            else link_change <= wanted_change + 5e-10
        end as crosses
    from measured
),

-- The nearest number; where there is no distance, the least change of the link score; a value that is missing, or that
-- training never saw, only where no other one does.
ranked as (
    select
        *,
        row_number() over (
            partition by decision_id, feature
            order by
                case when crosses then 0 else 1 end,
                case when applies_to in ('missing', 'unknown') then 1 else 0 end,
                coalesce(distance, 0),
                abs(link_change),
                level
        ) as place
    from checked
)

select
    decision_id,
    ml_model,
    version,
    decided_at,
    feature,
    feature_value,
    case when crosses then applies_to end as changed_to,
    case when crosses then coalesce(level, cast(new_number as {{ text }})) end as changed_value,
    case when crosses then distance end as distance,
    case when crosses then link_change end as link_change,
    case
        when not crosses then null
        when goes_up then {{ ml_ledger.json_path('spec', ['decision', 'positive']) }}
        else {{ ml_ledger.json_path('spec', ['decision', 'negative']) }}
    end as changed_decision,
    case when not crosses then coalesce(no_change_because, 'no value of it does') end as no_change_because
from ranked
where place = 1
