{#
    Common table expressions with the checks of the gate for the versions in `without_verdict`: one row per version
    and check. What is asked of a version is read from the declaration that is stored on it.

    Each saving is the lower end of a 95 % interval of the log loss, squared error or squared distance that the version
    saves, row by row, on the holdout: against a baseline it must be above `gate.baseline_hurdle`, against the champion
    at least minus `gate.champion_margin`. `gate.minimum_scored_share` is what part of the holdout must have been
    scored. A champion that reads a column which is gone cannot be compared; then the baselines alone decide.

    Arguments: with_champion, whether there may be a champion (the expression `champion` exists).
    Returns: SQL, ending in the expression `checks`.
    Example: {{ ml_ledger.gate_checks(with_champion=is_incremental()) }}
#}
{% macro gate_checks(with_champion) -%}
{%- set double = ml_ledger.type_double() -%}
{%- set text = dbt.type_string() -%}
holdout_metrics as (
    select *
    from (
        {{ ml_ledger.unnest_json('without_verdict', 'metrics', ['version'], {
            'dataset': 'varchar', 'slice': 'varchar', 'scored_by': 'varchar', 'metric': 'varchar',
            'value': 'double', 'ci_low': 'double',
        }) | indent(8) }}
    ) as metrics
    where dataset = 'holdout' and slice = 'all'
),

scorers as (
    select
        version,
        scored_by,
        value as scored_share
    from holdout_metrics
    where metric = 'scored_share'
),

savings as (
    select
        version,
        scored_by,
        ci_low
    from holdout_metrics
    where metric in ('log_loss_reduction', 'squared_error_reduction', 'squared_distance_reduction')
),

asked as (
    select
        version,
        cast({{ ml_ledger.json_path('spec', ['gate', 'baseline_hurdle']) }} as {{ double }}) as baseline_hurdle,
        cast({{ ml_ledger.json_path('spec', ['gate', 'champion_margin']) }} as {{ double }}) as champion_margin,
        cast({{ ml_ledger.json_path('spec', ['gate', 'minimum_scored_share']) }} as {{ double }}) as minimum_scored_share
    from without_verdict
),

checks as (
    select
        asked.version,
        'scores enough rows' as check_name,
        scorers.scored_share as value,
        asked.minimum_scored_share as threshold,
        coalesce(scorers.scored_share >= asked.minimum_scored_share, false) as passed
    from asked
    left join scorers
        on
            asked.version = scorers.version
            and scorers.scored_by = 'self'

    union all

    select
        asked.version,
        'beats ' || replace(scorers.scored_by, 'baseline:', 'baseline ') as check_name,
        savings.ci_low as value,
        asked.baseline_hurdle as threshold,
        coalesce(savings.ci_low > asked.baseline_hurdle, false) as passed
    from asked
    inner join scorers
        on
            asked.version = scorers.version
            and scorers.scored_by like 'baseline:%'
    left join savings
        on
            scorers.version = savings.version
            and scorers.scored_by = savings.scored_by
    {%- if with_champion %}

    union all

    select
        asked.version,
        case
            when champion_scorer.scored_share = 0
                then 'champion version ' || cast(champion.version as {{ text }}) || ' reads columns that are gone'
            else 'not worse than champion version ' || cast(champion.version as {{ text }})
        end as check_name,
        savings.ci_low as value,
        -asked.champion_margin as threshold,
        case
            when champion_scorer.scored_share = 0 then true
            else coalesce(savings.ci_low >= -asked.champion_margin, false)
        end as passed
    from asked
    cross join champion
    left join scorers as champion_scorer
        on
            asked.version = champion_scorer.version
            and champion_scorer.scored_by = 'version:' || cast(champion.version as {{ text }})
    left join savings
        on
            champion_scorer.version = savings.version
            and champion_scorer.scored_by = savings.scored_by
    {%- endif %}
)
{%- endmacro %}
