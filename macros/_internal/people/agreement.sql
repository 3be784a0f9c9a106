{#
    How far pairs of reviewers agree on the labels of decisions that both have judged: the share of equal verdicts, and
    Cohen's kappa, what of the agreement is beyond that of two who answer at random, each with the shares of answers
    that they have. Its standard error is that for large samples by Fleiss, Cohen and Everitt (1969), which does not
    assume kappa to be 0. Tasks with classes only.
    Arguments: feedback and predictions, relations over all ML models.
    Returns: SQL, a query: one row per ML model and pair.
    Example: {{ ml_ledger.agreement(ref('ml_feedback'), ref('ml_predictions')) }}
#}
{% macro agreement(feedback, predictions) -%}
{%- set double, whole = ml_ledger.type_double(), dbt.type_bigint() -%}
with

opinions as (
    {{ ml_ledger.reviewer_opinions(feedback, predictions) | indent(4) }}
),

cells as (
    select
        a.ml_model,
        a.reviewer as reviewer_a,
        b.reviewer as reviewer_b,
        a.verdict as verdict_a,
        b.verdict as verdict_b,
        count(*) as n
    from opinions as a
    inner join opinions as b
        on
            a.ml_model = b.ml_model
            and a.decision_id = b.decision_id
            and a.reviewer < b.reviewer
    where a.task in ('binary', 'multiclass')
    group by a.ml_model, a.reviewer, b.reviewer, a.verdict, b.verdict
),

shares as (
    select
        cells.*,
        cast(n as {{ double }}) / sum(n) over (partition by ml_model, reviewer_a, reviewer_b) as share
    from cells
),

{{ ml_ledger.agreement_by_chance() }},

observed as (
    select
        ml_model,
        reviewer_a,
        reviewer_b,
        sum(n) as n,
        sum(case when verdict_a = verdict_b then share else 0 end) as observed
    from shares
    group by ml_model, reviewer_a, reviewer_b
),

kappas as (
    select
        observed.*,
        by_chance.expected,
        (observed.observed - by_chance.expected) / nullif(1 - by_chance.expected, 0) as kappa
    from observed
    inner join by_chance
        on
            observed.ml_model = by_chance.ml_model
            and observed.reviewer_a = by_chance.reviewer_a
            and observed.reviewer_b = by_chance.reviewer_b
),

{{ ml_ledger.errors_of_kappas() }}

select
    ml_model,
    reviewer_a,
    reviewer_b,
    cast(n as {{ whole }}) as n,
    observed,
    expected,
    kappa,
    std_error,
    kappa - 1.959963984540054 * std_error as ci_low,
    least(kappa + 1.959963984540054 * std_error, 1) as ci_high
from errors
{%- endmacro %}

{#
    Common table expressions over `shares`: `answers`, how often each of a pair gives each answer, and `by_chance`, how
    often two would agree who answer so at random.
    Returns: SQL.
#}
{% macro agreement_by_chance() -%}
-- How often each of the two gives each answer.
answers as (
    select
        ml_model,
        reviewer_a,
        reviewer_b,
        verdict,
        sum(share_a) as share_a,
        sum(share_b) as share_b
    from (
        select
            ml_model,
            reviewer_a,
            reviewer_b,
            verdict_a as verdict,
            share as share_a,
            0 as share_b
        from shares
        union all
        select
            ml_model,
            reviewer_a,
            reviewer_b,
            verdict_b as verdict,
            0 as share_a,
            share as share_b
        from shares
    ) as sides
    group by ml_model, reviewer_a, reviewer_b, verdict
),

by_chance as (
    select
        ml_model,
        reviewer_a,
        reviewer_b,
        sum(share_a * share_b) as expected
    from answers
    group by ml_model, reviewer_a, reviewer_b
)
{%- endmacro %}

{#
    Common table expressions that end in `errors`: `kappas` with their standard errors, over `shares` and `answers`.
    Returns: SQL.
#}
{% macro errors_of_kappas() -%}
spread as (
    select
        shares.ml_model,
        shares.reviewer_a,
        shares.reviewer_b,
        sum(case
            when shares.verdict_a = shares.verdict_b
                then shares.share * power(1 - (of_a.share_a + of_a.share_b) * (1 - kappas.kappa), 2)
            else shares.share * power((of_a.share_b + of_b.share_a) * (1 - kappas.kappa), 2)
        end) as spread
    from shares
    inner join kappas
        on
            shares.ml_model = kappas.ml_model
            and shares.reviewer_a = kappas.reviewer_a
            and shares.reviewer_b = kappas.reviewer_b
    inner join answers as of_a
        on
            shares.ml_model = of_a.ml_model
            and shares.reviewer_a = of_a.reviewer_a
            and shares.reviewer_b = of_a.reviewer_b
            and shares.verdict_a = of_a.verdict
    inner join answers as of_b
        on
            shares.ml_model = of_b.ml_model
            and shares.reviewer_a = of_b.reviewer_a
            and shares.reviewer_b = of_b.reviewer_b
            and shares.verdict_b = of_b.verdict
    group by shares.ml_model, shares.reviewer_a, shares.reviewer_b
),

errors as (
    select
        kappas.*,
        -- Rounding may leave less than 0.
        sqrt(greatest(spread.spread - power(kappas.kappa - kappas.expected * (1 - kappas.kappa), 2), 0) / kappas.n)
        / nullif(1 - kappas.expected, 0) as std_error
    from kappas
    left join spread
        on
            kappas.ml_model = spread.ml_model
            and kappas.reviewer_a = spread.reviewer_a
            and kappas.reviewer_b = spread.reviewer_b
            and kappas.expected < 1
)
{%- endmacro %}
