{#
    Common table expressions with the checks of the gate against the champion, on the rows of the holdout that both
    score: the version is not worse by more than `gate.champion_margin`, and its scores differ from the champion's by at
    most `gate.maximum_score_shift` on average. One that was trained on the holdout looks better than it is, which the
    name of the check says. A champion that reads a column which is gone cannot be compared, which is
    recorded and passes.

    Needs the expressions `champion`, `asked`, `scorers`, `savings` and `holdout_metrics`.
    Returns: SQL, ending in the expression `champion_checks`.
    Example: {{ ml_ledger.gate_champion() }}
#}
{% macro gate_champion() -%}
{%- set text = dbt.type_string() -%}
against_champion as (
    select
        asked.version,
        cast(champion.version as {{ text }}) as champion_version,
        scorers.scored_share = 0 as is_gone,
        savings.ci_low as saving,
        score_shifts.value as score_shift,
        marks.metric as mark,
        asked.champion_margin,
        asked.maximum_score_shift
    from asked
    cross join champion
    left join scorers
        on
            asked.version = scorers.version
            and scorers.scored_by = 'version:' || cast(champion.version as {{ text }})
    left join savings
        on
            scorers.version = savings.version
            and scorers.scored_by = savings.scored_by
    left join holdout_metrics as score_shifts
        on
            scorers.version = score_shifts.version
            and scorers.scored_by = score_shifts.scored_by
            and score_shifts.slice = 'all'
            and score_shifts.metric = 'score_shift'
    left join holdout_metrics as marks
        on
            scorers.version = marks.version
            and scorers.scored_by = marks.scored_by
            and marks.metric in ('measured_by_twin', 'trained_on_holdout')
),

champion_checks as (
    select
        version,
        case
            when is_gone then 'champion version ' || champion_version || ' reads columns that are gone'
            else 'not worse than champion version ' || champion_version
                || case mark
                    when 'measured_by_twin' then ' (its twin: it was refit on the holdout)'
                    when 'trained_on_holdout' then ' (which was trained on the holdout)'
                    else ''
                end
        end as check_name,
        saving as value,
        -champion_margin as threshold,
        coalesce(is_gone or saving >= -champion_margin, false) as passed
    from against_champion

    union all

    select
        version,
        'score shift from champion version ' || champion_version as check_name,
        score_shift as value,
        maximum_score_shift as threshold,
        coalesce(score_shift <= maximum_score_shift, false) as passed
    from against_champion
    where maximum_score_shift is not null and not coalesce(is_gone, false)
)
{%- endmacro %}
