{#
    Common table expressions with the checks of the gate on smoke cases: the score that the version gave to each when it
    was trained lies between the declared ends, or, where the case is to be rejected, there is none (the value is then
    how many scores it got). The threshold is the end that is violated, or else the nearer one.

    Needs the expressions `without_verdict` and `stored_metrics`.
    Returns: SQL, ending in the expression `smoke_checks`.
    Example: {{ ml_ledger.gate_smoke_cases() }}
#}
{% macro gate_smoke_cases() -%}
{%- set double = ml_ledger.type_double() -%}
smoke_cases as (
    {{ ml_ledger.unnest_json_object(
        'without_verdict', ml_ledger.json_path('spec', ['smoke_cases']), ['version'], key='case_name', value='expected'
    ) | indent(4) }}
),

scored_cases as (
    select
        smoke_cases.version,
        smoke_cases.case_name,
        {{ ml_ledger.json_path('smoke_cases.expected', ['rejected']) }} = 'true' as is_to_be_rejected,
        cast({{ ml_ledger.json_path('smoke_cases.expected', ['score[0]']) }} as {{ double }}) as low,
        cast({{ ml_ledger.json_path('smoke_cases.expected', ['score[1]']) }} as {{ double }}) as high,
        max(case when smoke_metrics.metric = 'scored_share' then smoke_metrics.value end) as scored_share,
        max(case when smoke_metrics.metric = 'score' then smoke_metrics.value end) as score
    from smoke_cases
    left join stored_metrics as smoke_metrics
        on
            smoke_cases.version = smoke_metrics.version
            and smoke_cases.case_name = smoke_metrics.slice
            and smoke_metrics.dataset = 'smoke'
    group by smoke_cases.version, smoke_cases.case_name, smoke_cases.expected
),

smoke_checks as (
    select
        version,
        'smoke case ' || case_name || case when is_to_be_rejected then ' is rejected' else '' end as check_name,
        case when is_to_be_rejected then scored_share else score end as value,
        case
            when is_to_be_rejected then 0
            when low is null then high
            when high is null then low
            when score > high or high - score < score - low then high
            else low
        end as threshold,
        coalesce(
            case
                when is_to_be_rejected then scored_share = 0
                else score >= coalesce(low, score) and score <= coalesce(high, score)
            end,
            false
        ) as passed
    from scored_cases
)
{%- endmacro %}
