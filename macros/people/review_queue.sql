{#
    Decisions that people should look at, drawn once per run that made decisions, and appended. From each declared
    stratum of a run's decisions (all; close to the threshold; where a shadow would decide otherwise; the highest values
    of a feature; rejected) as many are drawn as the declaration asks for per period, in proportion to the part of the
    period since the as-of date before, and at least one. Draws of strata are independent of each other, so a decision
    is chosen with the probability 1 - (1 - p1)(1 - p2)…, which is kept with it: whoever weighs reviewed decisions with
    its inverse has an unbiased picture of all of them (docs/people.md). A run is never drawn from twice, so a decision
    keeps its place and its probability.

    Arguments: ml_model, its name; predictions, relation of its node.
    Returns: SQL, and configures the dbt model: incremental, append, full_refresh false.
    Example: see models/repurchase/scoring/repurchase_review_queue.sql
#}
{% macro review_queue(ml_model, predictions=none) %}
{%- do ml_ledger.appended() -%}
{%- set predictions = ml_ledger.own_node(predictions, ml_model, 'predictions') -%}
{%- if execute -%}
{{ ml_ledger.drawn_for_review(ml_model, predictions, ml_ledger.rows_so_far() if is_incremental() else none) }}
{%- endif -%}
{% endmacro %}

{#
    The decisions that are drawn from the runs that were not drawn from yet.
    Arguments: ml_model and predictions as of `review_queue`; so_far, the relation with what was drawn already, or none.
    Returns: SQL, a query.
#}
{% macro drawn_for_review(ml_model, predictions, so_far) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set moment, double = dbt.type_timestamp(), ml_ledger.type_double() -%}
{%- set period = (spec.monitoring or ml_ledger.defaults_of('monitoring')).period -%}
{%- set strata = ml_ledger.review_strata(spec) -%}
with

-- Erased persons cannot be looked at.
served as (
    select
        predictions.*,
        cast({{ dbt.date_trunc(period, 'as_of') }} as {{ moment }}) as period_start
    from {{ predictions }} as predictions
    where
        slot <> 'shadow'
        and entity_id is not null
        {%- if so_far is not none %}
        and not exists (
            select 1
            from {{ so_far }} as drawn
            where drawn.predicted_by = predictions.invocation_id
        )
        {%- endif %}
),

{{ ml_ledger.review_pace(predictions, period) }},

{{ ml_ledger.review_candidates(spec, strata, predictions) }},

{{ ml_ledger.review_draws(ml_model) }},

combined as (
    select
        decision_id,
        {%- for stratum in strata %}
        max(case when stratum = '{{ stratum }}' then is_drawn else 0 end) as by_{{ stratum }},
        max(case when stratum = '{{ stratum }}' then probability else 0 end) as p_{{ stratum }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from drawn
    group by decision_id
)

select
    '{{ ml_model }}' as ml_model,
    served.decision_id,
    served.period_start,
    {{ ml_ledger.json_array_of_texts(ml_ledger.strata_words(strata)) | indent(4) }} as because,
    cast(1
        {%- for stratum in strata %}{{ ' - ' if loop.first else ' * ' }}(1 - combined.p_{{ stratum }}){% endfor -%}
        {{ ' as ' ~ double }}) as inclusion_probability,
    {{ ml_ledger.clock() }} as queued_at,
    served.invocation_id as predicted_by,
    {{ ml_ledger.wall_clock() }} as recorded_at,
    '{{ invocation_id }}' as invocation_id
from combined
inner join served
    on combined.decision_id = served.decision_id
where 1 in ({% for stratum in strata %}by_{{ stratum }}{{ ', ' if not loop.last }}{% endfor %})
{% endmacro %}

{#
    The declared strata.
    Arguments: spec, the declaration.
    Returns: mapping of name to a mapping: wanted, how many per period; where, SQL over `served`, or none; value, SQL of
    what the highest are taken of, or 'null' where they are drawn at random.
#}
{% macro review_strata(spec) %}
    {% set review = spec.review or ml_ledger.defaults_of('review') %}
    {% set strata = {'random': {'wanted': review.random_per_period, 'where': none, 'value': 'null'}} %}
    {% set close, high = review.close_to_threshold, review.high_value %}
    {% if close and close.within %}
        {% do strata.update({'close_to_threshold': {
            'wanted': close.at_most, 'value': 'null',
            'where': 'abs(served.score - served.threshold) <= ' ~ close.within,
        }}) %}
    {% endif %}
    {% if review.disagreements %}
        {% do strata.update({'disagreement': {'wanted': review.disagreements, 'where': none, 'value': 'null'}}) %}
    {% endif %}
    {% if high and high.column %}
        {% set value = 'cast(' ~ ml_ledger.json_value('served.features', ml_ledger.text_literal(high.column)) ~ ' as '
            ~ ml_ledger.type_double() ~ ')' %}
        {% do strata.update({'high_value': {
            'wanted': high.at_most, 'value': value,
            'where': "served.status = 'scored' and abs(" ~ value ~ ') <= ' ~ ml_ledger.largest_double(),
        }}) %}
    {% endif %}
    {% if review.rejected %}
        {% do strata.update(
            {'rejected': {'wanted': review.rejected, 'where': "served.status = 'rejected'", 'value': 'null'}}
        ) %}
    {% endif %}
    {% do return(strata) %}
{% endmacro %}

{#
    The names of the strata that a decision was drawn from.
    Arguments: strata, as returned by `review_strata`.
    Returns: list of SQL.
#}
{% macro strata_words(strata) %}
    {% set words = [] %}
    {% for stratum in strata %}
        {% do words.append('case when combined.by_' ~ stratum ~ " = 1 then '" ~ stratum ~ "' end") %}
    {% endfor %}
    {% do return(words) %}
{% endmacro %}

{#
    Common table expressions that end in `paced`: of each as-of date the part of a period that it stands for.
    Arguments: predictions, relation of the node; period, its name.
    Returns: SQL.
#}
{% macro review_pace(predictions, period) -%}
{%- set moment, double = dbt.type_timestamp(), ml_ledger.type_double() -%}
as_of_dates as (
    select
        as_of,
        cast({{ dbt.date_trunc(period, 'as_of') }} as {{ moment }}) as period_start,
        lag(as_of) over (order by as_of) as as_of_before
    from (
        select distinct as_of
        from {{ predictions }}
        where slot <> 'shadow'
    ) as dates
),

-- The part of a period that an as-of date stands for.
paced as (
    select
        as_of,
        coalesce(least(
            cast(
                {{ ml_ledger.epoch_microseconds('as_of') }} - {{ ml_ledger.epoch_microseconds('as_of_before') }}
                as {{ double }}
            )
            / (
                {{ ml_ledger.epoch_microseconds(
                    'cast(' ~ dbt.dateadd(period, 1, 'period_start') ~ ' as ' ~ moment ~ ')'
                ) }}
                - {{ ml_ledger.epoch_microseconds('period_start') }}
            ),
            1
        ), 1) as part
    from as_of_dates
)
{%- endmacro %}

{#
    Common table expressions that end in `candidates`: the decisions of `served`, one row for each stratum that they are
    in.
    Arguments: spec, the declaration; strata, as `review_strata` gives them; predictions, relation of the node.
    Returns: SQL.
#}
{% macro review_candidates(spec, strata, predictions) -%}
{%- set double = ml_ledger.type_double() -%}
{% if 'disagreement' in strata -%}
disagreements as (
    select distinct served.decision_id
    from served
    inner join {{ predictions }} as others
        on
            served.entity_id = others.entity_id
            and served.as_of = others.as_of
    where
        others.slot = 'shadow'
        {%- if spec.task == 'multiclass' %}
        and served.predicted <> others.predicted
        {%- else %}
        and (served.score >= served.threshold) <> (others.score >= others.threshold)
        {%- endif %}
),

{% endif -%}
candidates as (
    {%- for stratum, draw in strata.items() %}
    select
        served.decision_id,
        served.invocation_id as predicted_by,
        served.as_of,
        '{{ stratum }}' as stratum,
        {{ draw.wanted }} as wanted,
        cast({{ draw.value }} as {{ double }}) as value
    from served
    {%- if stratum == 'disagreement' %}
    inner join disagreements
        on served.decision_id = disagreements.decision_id
    {%- endif %}
    {%- if draw.where %}
    where {{ draw.where }}
    {%- endif %}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
)
{%- endmacro %}

{#
    Common table expressions that end in `drawn`: of `candidates` those that are drawn, with the probability of it.
    Arguments: ml_model, its name.
    Returns: SQL.
#}
{% macro review_draws(ml_model) -%}
{%- set double = ml_ledger.type_double() -%}
sized as (
    select
        candidates.*,
        cast(greatest(candidates.wanted * paced.part, 1) as {{ double }}) as expected,
        count(*) over (partition by candidates.predicted_by, candidates.stratum) as candidates,
        rank() over (
            partition by candidates.predicted_by, candidates.stratum order by candidates.value desc
        ) as value_rank,
        count(*) over (partition by candidates.predicted_by, candidates.stratum, candidates.value) as ties,
        row_number() over (
            partition by candidates.predicted_by, candidates.stratum
            order by candidates.value desc, {{ dbt.hash(
                ml_ledger.text_literal(ml_model ~ '|') ~ " || candidates.stratum || '|' || candidates.decision_id"
            ) }}
        ) as place,
        {{ ml_ledger.hex_to_integer('substr(' ~ dbt.hash(
            ml_ledger.text_literal(ml_model ~ '|') ~ " || candidates.stratum || '|' || candidates.predicted_by"
        ) ~ ', 1, 8)') }} / 4294967296.0 as rounding
    from candidates
    inner join paced
        on candidates.as_of = paced.as_of
),

-- A draw of 12.3 takes 12 or, with a chance of 0.3, 13. Highest values are certain but where some of equal value must
-- do.
drawn as (
    select
        sized.*,
        case
            when value is null then least(expected / candidates, 1)
            when value_rank + ties - 1 <= ceil(expected) then 1
            when value_rank <= ceil(expected) then (ceil(expected) - value_rank + 1) / ties
            else 0
        end as probability,
        case
            when place <= case when value is null then floor(expected + rounding) else ceil(expected) end then 1
            else 0
        end as is_drawn
    from sized
)
{%- endmacro %}
