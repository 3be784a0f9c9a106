{#
    How decisions turned out by the verdicts of reviewers, estimated for all decisions of a version, slot and period
    from those that were queued and reviewed: each counts 1 / inclusion_probability (a ratio of two such sums, by
    Hájek), with a 95 % interval from its linearisation, taking draws as independent (docs/people.md).

    Arguments: queue (ml_model, decision_id, period_start, inclusion_probability), predictions and feedback, relations
    of the nodes of one ML model, or over all.
    Returns: SQL, a query: one row per ML model, version, slot, period and metric.
    Example: {{ ml_ledger.reviewed_performance(ref('ml_review_queue'), ref('ml_predictions'), ref('ml_feedback')) }}
#}
{% macro reviewed_performance(queue, predictions, feedback) -%}
{%- set whole = dbt.type_bigint() -%}
with

verdicts as (
    {{ ml_ledger.resolved_verdicts(feedback, predictions) | indent(4) }}
),

settings as (
    {{ ml_ledger.review_settings() | indent(4) }}
),

{{ ml_ledger.reviewed_decisions(queue, predictions) }},

progress as (
    select
        ml_model,
        version,
        slot,
        period_start,
        count(*) as queued,
        count(verdict) as reviewed
    from queued
    group by ml_model, version, slot, period_start
),

{{ ml_ledger.ratios_of_reviewed() }},

{{ ml_ledger.estimates_of_ratios() }}

select
    errors.ml_model,
    errors.version,
    errors.slot,
    errors.period_start,
    errors.metric,
    errors.value,
    case
        when errors.metric in ('mean_label', 'bias', 'mae') then errors.value - 1.959963984540054 * errors.std_error
        else greatest(errors.value - 1.959963984540054 * errors.std_error, 0)
    end as ci_low,
    case
        when errors.metric in ('mean_label', 'bias', 'mae') then errors.value + 1.959963984540054 * errors.std_error
        else least(errors.value + 1.959963984540054 * errors.std_error, 1)
    end as ci_high,
    errors.unweighted,
    cast(errors.n as {{ whole }}) as n,
    progress.queued,
    progress.reviewed
from errors
inner join progress
    on
        errors.ml_model = progress.ml_model
        and errors.version is not distinct from progress.version
        and errors.slot = progress.slot
        and errors.period_start = progress.period_start
{%- endmacro %}

{#
    A common table expression `queued`: the decisions of the queue, over `settings` and `verdicts`, with what the
    metrics are computed of.
    Arguments: queue and predictions, as of `reviewed_performance`.
    Returns: SQL.
#}
{% macro reviewed_decisions(queue, predictions) -%}
{%- set double = ml_ledger.type_double() -%}
queued as (
    select
        settings.ml_model,
        settings.task,
        predictions.version,
        predictions.slot,
        queue.period_start,
        queue.inclusion_probability as probability,
        predictions.score,
        predictions.predicted,
        verdicts.verdict,
        case when settings.task <> 'multiclass' then cast(verdicts.verdict as {{ double }}) end as label,
        -- A rejected decision flags nobody; the control group decides about nobody.
        case
            when predictions.slot <> 'control' and predictions.score >= predictions.threshold then 1
            else 0
        end as flagged,
        case
            when
                predictions.slot <> 'control'
                and (settings.task = 'multiclass' or predictions.decision_source <> 'none')
                then 1
            else 0
        end as is_decided
    from {{ queue }} as queue
    inner join settings
        on queue.ml_model = settings.ml_model
    inner join {{ predictions }} as predictions
        on
            queue.ml_model = predictions.ml_model
            and queue.decision_id = predictions.decision_id
    left join verdicts
        on
            queue.ml_model = verdicts.ml_model
            and queue.decision_id = verdicts.decision_id
)
{%- endmacro %}

{#
    A common table expression `ratios`: of each decision that was reviewed and each metric of its task, what it adds to
    the two sums.
    Returns: SQL.
#}
{% macro ratios_of_reviewed() -%}
{%- set double = ml_ledger.type_double() -%}
{#- Of each task the metrics, as a ratio of two sums: numerator, denominator. -#}
{%- set metrics = [
    ('binary', 'base_rate', 'label', '1'),
    ('binary', 'precision', 'label * flagged', 'flagged'),
    ('binary', 'recall', 'label * flagged', 'label * is_decided'),
    ('binary', 'accuracy', 'case when label = flagged then 1 else 0 end', 'is_decided'),
    ('multiclass', 'accuracy', 'case when verdict = predicted then 1 else 0 end', 'is_decided'),
    ('regression', 'mean_label', 'label', '1'),
    ('regression', 'bias', 'score - label', '1'),
    ('regression', 'mae', 'abs(score - label)', '1'),
] -%}
ratios as (
    {%- for task, metric, numerator, denominator in metrics %}
    select
        ml_model,
        version,
        slot,
        period_start,
        '{{ metric }}' as metric,
        probability,
        cast({{ numerator }} as {{ double }}) as numerator,
        cast({{ denominator }} as {{ double }}) as denominator
    from queued
    where task = '{{ task }}' and verdict is not null{{ ' and score is not null' if 'score' in numerator }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
)
{%- endmacro %}

{#
    Common table expressions that end in `errors`: of `ratios` the estimates, with their standard errors.
    Returns: SQL.
#}
{% macro estimates_of_ratios() -%}
totals as (
    select
        ml_model,
        version,
        slot,
        period_start,
        metric,
        sum(numerator / probability) / sum(denominator / probability) as value,
        sum(numerator) / sum(denominator) as unweighted,
        sum(denominator / probability) as weight,
        sum(case when denominator <> 0 then 1 else 0 end) as n
    from ratios
    group by ml_model, version, slot, period_start, metric
    having sum(denominator / probability) > 0
),

errors as (
    select
        totals.ml_model,
        totals.version,
        totals.slot,
        totals.period_start,
        totals.metric,
        max(totals.value) as value,
        max(totals.unweighted) as unweighted,
        max(totals.n) as n,
        sqrt(sum(
            (1 - ratios.probability) / power(ratios.probability, 2)
            * power(ratios.numerator - totals.value * ratios.denominator, 2)
        )) / max(totals.weight) as std_error
    from totals
    inner join ratios
        on
            totals.ml_model = ratios.ml_model
            and totals.version is not distinct from ratios.version
            and totals.slot = ratios.slot
            and totals.period_start = ratios.period_start
            and totals.metric = ratios.metric
    group by totals.ml_model, totals.version, totals.slot, totals.period_start, totals.metric
)
{%- endmacro %}
