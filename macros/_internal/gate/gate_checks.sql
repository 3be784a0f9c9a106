{#
    Common table expressions with the checks of the gate for the versions in `without_verdict`: one row per version
    and check. What is asked of a version is read from the declaration that is stored on it.

    Each saving is the lower end of a 95 % interval of the log loss, deviance, squared error or squared distance that
    the version saves, row by row, on the holdout: against a baseline it must be above `gate.baseline_hurdle`.
    `gate.minimum_scored_share` is what part of the holdout must have been scored. All other checks: `gate_limits`,
    `gate_signs`, `gate_smoke_cases`, `gate_value`, `gate_fairness`, `gate_champion`. What could not be measured fails.
    Those of `gate_leaks` have a question for a person where they fail; it is NULL where a failure refuses the version.

    Arguments: with_champion, whether there may be a champion (the expression `champion` exists).
    Returns: SQL, ending in the expression `checks`.
    Example: {{ ml_ledger.gate_checks(with_champion=is_incremental()) }}
#}
{% macro gate_checks(with_champion) -%}
{{ ml_ledger.gate_inputs() }},

{{ ml_ledger.gate_limits() }},

{{ ml_ledger.gate_signs() }},

{{ ml_ledger.gate_smoke_cases() }},

{{ ml_ledger.gate_value() }},

{{ ml_ledger.gate_fairness() }},

{{ ml_ledger.gate_leaks() }},
{% if with_champion %}
{{ ml_ledger.gate_champion() }},
{% endif %}
strict_checks as (
    {{ ml_ledger.gate_baseline_checks() | indent(4) }}

    union all

    select * from limit_checks

    union all

    select * from sign_checks

    union all

    select * from smoke_checks

    union all

    select * from value_checks

    union all

    select * from fairness_checks
    {%- if with_champion %}

    union all

    select * from champion_checks
    {%- endif %}
),

checks as (
    select
        *,
        cast(null as {{ dbt.type_string() }}) as question
    from strict_checks

    union all

    select * from leak_checks
)
{%- endmacro %}

{#
    Common table expressions with what the checks compare: `stored_metrics` and, on the holdout, `holdout_metrics`, how
    much of it each was scored by (`scorers`) and what that saves (`savings`), with what is `asked` of a version.
    Returns: SQL.
#}
{% macro gate_inputs() -%}
{%- set double = ml_ledger.type_double() -%}
stored_metrics as (
    {{ ml_ledger.unnest_json('without_verdict', 'metrics', ['version'], {
        'dataset': 'varchar', 'slice': 'varchar', 'scored_by': 'varchar', 'metric': 'varchar',
        'value': 'double', 'ci_low': 'double', 'n': 'bigint',
    }) | indent(4) }}
),

holdout_metrics as (
    select * from stored_metrics
    where dataset = 'holdout'
),

scorers as (
    select
        version,
        scored_by,
        value as scored_share
    from holdout_metrics
    where slice = 'all' and metric = 'scored_share'
),

savings as (
    select
        version,
        scored_by,
        ci_low
    from holdout_metrics as savings
    where
        {{ ml_ledger.is_loss_saved('holdout_metrics', 'savings', keys=['version']) | indent(8) }}
),

asked as (
    select
        version,
        cast({{ ml_ledger.json_path('spec', ['gate', 'baseline_hurdle']) }} as {{ double }}) as baseline_hurdle,
        cast({{ ml_ledger.json_path('spec', ['gate', 'champion_margin']) }} as {{ double }}) as champion_margin,
        cast(
            {{ ml_ledger.json_path('spec', ['gate', 'minimum_scored_share']) }} as {{ double }}
        ) as minimum_scored_share,
        cast({{ ml_ledger.json_path('spec', ['gate', 'maximum_score_shift']) }} as {{ double }}) as maximum_score_shift
    from without_verdict
)
{%- endmacro %}

{#
    The checks that enough of the holdout was scored, and that each baseline is beaten on it; over what `gate_inputs`
    gives.
    Returns: SQL, a select.
#}
{% macro gate_baseline_checks() -%}
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
{%- endmacro %}
