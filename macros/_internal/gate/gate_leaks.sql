{#
    Common table expressions with the checks of the gate on what is too good to be true (docs/leaks.md): a feature that
    alone ranks better than `gate.expected_auc` (`gate.expected_r2`), or 0.99 where nothing is expected, or far better
    than any other; one that adds too much to all others; one with values written after the as-of date; and a version
    that is better than was expected. What is found does not refuse the version: it has a question, and the version
    waits for a person's answer.

    Limits are compared with the lower ends of 95 % intervals. A version without the metrics is asked nothing. How far a
    feature may lead, and what all may reach together, is computed where they are measured (leaks/leak_scan.py).

    Needs the expressions `without_verdict` and `stored_metrics`.
    Returns: SQL, ending in the expression `leak_checks`.
    Example: {{ ml_ledger.gate_leaks() }}
#}
{% macro gate_leaks() -%}
{{ ml_ledger.leak_features() }},

strong_features as (
    select
        version,
        feature,
        is_known_in_time,
        case
            when excess_low > 0 and not coalesce(lead_low > 0, false) then together
            else alone
        end as value,
        case
            when lead_low > 0 then alone - lead_of_it
            when excess_low > 0 then together - excess
            else most_alone
        end as threshold,
        {{ ml_ledger.leak_question() }} as question
    from limited_features
    where lead_low > 0 or excess_low > 0 or alone_low > most_alone
),

strongest_features as (
    select
        version,
        feature,
        alone,
        row_number() over (partition by version order by alone desc, feature) as place
    from limited_features
    where alone is not null
),

scores_of_versions as (
    select
        expectations.version,
        case when versions_metrics.metric = 'r2' then 'R²' else 'AUC' end as measure,
        coalesce(versions_metrics.ci_low, versions_metrics.value) as value,
        case when versions_metrics.metric = 'r2' then expectations.r2 else expectations.auc end as threshold
    from expectations
    inner join stored_metrics as versions_metrics
        on
            expectations.version = versions_metrics.version
            and versions_metrics.dataset = 'holdout'
            and versions_metrics.slice = 'all'
            and versions_metrics.scored_by = 'self'
            and versions_metrics.metric in ('roc_auc', 'r2')
),

leak_checks as (
    {{ ml_ledger.leak_check_rows() | indent(4) }}
)
{%- endmacro %}

{#
    What is asked of a person about a feature that is too good to be true.
    Returns: SQL, a text over the expression `limited_features`.
#}
{% macro leak_question() -%}
'too good to be true: ' || feature || ' alone ranks with ' || measure || ' ' || {{ ml_ledger.short_number('alone') }}
        || case
            when alone_low > most_alone
                then ', where at most ' || {{ ml_ledger.short_number('most_alone') }} || ' is expected'
            else ''
        end
        || case
            when lead_low > 0 then ', the next best feature with ' || {{ ml_ledger.short_number('next_best') }}
            else ''
        end
        || case
            when excess_low > 0
                then ', all features together with ' || {{ ml_ledger.short_number('together') }} || ', without it with '
                    || {{ ml_ledger.short_number('without_it') }}
            else ''
        end
        || '; when is it written?'
{%- endmacro %}

{#
    The rows of the expression `leak_checks`: checks without a question only fail to be asked again.
    Returns: SQL, a select.
#}
{% macro leak_check_rows() -%}
{%- set double, text = ml_ledger.type_double(), dbt.type_string() -%}
select
    version,
    'no feature knows too much' as check_name,
    cast(0 as {{ double }}) as value,
    cast(0 as {{ double }}) as threshold,
    true as passed,
    cast(null as {{ text }}) as question
from strongest_features
where
    place = 1
    and not exists (
        select 1
        from strong_features
        where strong_features.version = strongest_features.version
    )

union all

select
    version,
    feature || case
        when is_known_in_time then ' is declared to be known in time'
        else ' knows too much'
    end as check_name,
    value,
    threshold,
    is_known_in_time as passed,
    case when not is_known_in_time then question end as question
from strong_features

union all

select
    version,
    feature || ' is written in time' as check_name,
    late_values as value,
    cast(0 as {{ double }}) as threshold,
    late_values = 0 as passed,
    case
        when late_values > 0
            then cast(cast(late_values as {{ dbt.type_bigint() }}) as {{ text }}) || ' values of ' || feature
                || ' were written after the as-of date, or nobody knows when; what was known then?'
    end as question
from limited_features
where late_values is not null

union all

select
    scores_of_versions.version,
    'not better than expected' as check_name,
    scores_of_versions.value,
    scores_of_versions.threshold,
    scores_of_versions.value <= scores_of_versions.threshold as passed,
    case
        when scores_of_versions.value > scores_of_versions.threshold
            then 'too good to be true: ' || scores_of_versions.measure || ' of at least '
                || {{ ml_ledger.short_number('scores_of_versions.value') }} || ', where at most '
                || {{ ml_ledger.short_number('scores_of_versions.threshold') }} || ' is expected'
                || coalesce('; of the features ' || strongest_features.feature || ' is the strongest', '')
                || '; what does it know?'
    end as question
from scores_of_versions
left join strongest_features
    on
        scores_of_versions.version = strongest_features.version
        and strongest_features.place = 1
where scores_of_versions.threshold is not null
{%- endmacro %}

{#
    Common table expressions that end in `limited_features`: how each feature ranks, alone and with the others, and how
    well the strongest may; `expectations` has what is expected of a version.
    Returns: SQL.
#}
{% macro leak_features() -%}
{%- set double = ml_ledger.type_double() -%}
expectations as (
    select
        version,
        cast({{ ml_ledger.json_path('spec', ['gate', 'expected_auc']) }} as {{ double }}) as auc,
        cast({{ ml_ledger.json_path('spec', ['gate', 'expected_r2']) }} as {{ double }}) as r2
    from without_verdict
),

feature_metrics as (
    select
        version,
        substr(slice, length('feature ') + 1) as feature,
        max(case
            when metric like 'roc_auc%' then 'AUC'
            when metric like 'correlation%' then 'correlation'
        end) as measure,
        max(case when metric like '%alone' then value end) as alone,
        max(case when metric like '%alone' then ci_low end) as alone_low,
        max(case when metric like '%next' then value end) as next_best,
        max(case when metric like '%lead' then value end) as lead_of_it,
        max(case when metric like '%lead' then ci_low end) as lead_low,
        max(case when metric like '%together' then value end) as together,
        max(case when metric like '%without' then value end) as without_it,
        max(case when metric like '%excess' then value end) as excess,
        max(case when metric like '%excess' then ci_low end) as excess_low,
        coalesce(max(case when metric = 'known_in_time' then value end), 0) = 1 as is_known_in_time,
        sum(case when metric = 'late_values' then value end) as late_values
    from stored_metrics
    where scored_by = 'self' and slice like 'feature %'
    group by version, slice
),

limited_features as (
    select
        feature_metrics.*,
        coalesce(
            case when feature_metrics.measure = 'AUC' then expectations.auc else sqrt(expectations.r2) end,
            cast(0.99 as {{ double }})
        ) as most_alone
    from feature_metrics
    inner join expectations
        on feature_metrics.version = expectations.version
)
{%- endmacro %}
