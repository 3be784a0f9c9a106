with

settings as (
    {{ ml_ledger.experiment_settings() | indent(4) }}
),

-- Of the confidence and of the power that are declared the distances from the mean, in standard errors.
probabilities as (
    select
        ml_model,
        'confidence' as of_what,
        1 - significance / 2 as p
    from settings

    union all

    select
        ml_model,
        'power' as of_what,
        power as p
    from settings
),

quantiles as (
    {{ ml_ledger.normal_quantile('probabilities', 'p') | indent(4) }}
),

distances as (
    select
        ml_model,
        max(case when of_what = 'confidence' then quantile end) as z_confidence,
        max(case when of_what = 'power' then quantile end) as z_power
    from quantiles
    group by ml_model
),

decisions as (
    select
        predictions.ml_model,
        predictions.invocation_id,
        predictions.entity_id,
        predictions.slot,
        predictions.version,
        case
            when predictions.slot = 'challenger'
                then 'challenger_' || cast(predictions.version as {{ dbt.type_string() }})
            else predictions.slot
        end as arm,
        predictions.decision_source,
        predictions.decided_at,
        predictions.recorded_at,
        outcomes.label
    from {{ ref('ml_predictions') }} as predictions
    inner join settings
        on predictions.ml_model = settings.ml_model
    left join {{ ref('ml_outcomes') }} as outcomes
        on
            predictions.ml_model = outcomes.ml_model
            and predictions.decision_id = outcomes.decision_id
    where predictions.slot <> 'shadow' and predictions.entity_id is not null
),

-- While an ML model is paused, all arms do the same.
runs as (
    select
        ml_model,
        invocation_id,
        min(decided_at) as decided_at,
        min(recorded_at) as recorded_at
    from decisions
    group by ml_model, invocation_id
    having max(case when decision_source = 'paused' then 1 else 0 end) = 0
),

champion_versions as (
    select distinct
        ml_model,
        invocation_id,
        version
    from decisions
    where slot = 'champion'
),

-- The arms beside the champion at the business time of a run, as they were known then, whether or not any entity fell
-- to them.
latest_events as (
    select
        runs.ml_model,
        runs.invocation_id,
        runs.decided_at,
        events.event,
        events.slot,
        events.version,
        round(events.share * 10000) / 10000 as arm_share,
        row_number() over (
            partition by runs.ml_model, runs.invocation_id, events.slot, events.version
            order by events.valid_from desc, events.event_number desc
        ) as age
    from runs
    inner join {{ ref('ml_deployment_events') }} as events
        on
            runs.ml_model = events.ml_model
            and runs.decided_at >= events.valid_from
            and runs.recorded_at >= events.recorded_at
    where events.slot in ('challenger', 'control') and events.event in ('deployed', 'ended')
),

others as (
    select
        ml_model,
        invocation_id,
        decided_at,
        slot,
        version,
        case
            when slot = 'challenger' then 'challenger_' || cast(version as {{ dbt.type_string() }})
            else slot
        end as arm,
        arm_share
    from latest_events
    where age = 1 and event = 'deployed' and arm_share > 0
),

champions as (
    select
        ml_model,
        invocation_id,
        decided_at,
        1 - sum(arm_share) as champion_share
    from others
    group by ml_model, invocation_id, decided_at
    having sum(arm_share) < 0.99995
),

arms as (
    select
        others.*,
        champions.champion_share
    from others
    inner join champions
        on
            others.ml_model = champions.ml_model
            and others.invocation_id = champions.invocation_id

    union all

    select
        ml_model,
        invocation_id,
        decided_at,
        'champion' as slot,
        cast(null as {{ dbt.type_bigint() }}) as version,  -- noqa: RF04
        'champion' as arm,
        champion_share as arm_share,
        champion_share
    from champions
),

arm_versions as (
    select distinct
        arms.ml_model,
        arms.arm,
        champion_versions.version
    from arms
    inner join champion_versions
        on
            arms.ml_model = champion_versions.ml_model
            and arms.invocation_id = champion_versions.invocation_id
),

compared_with as (
    select
        ml_model,
        arm,
        {{ dbt.listagg('cast(version as ' ~ dbt.type_string() ~ ')', "', '", 'order by version') }} as champion_versions
    from arm_versions
    group by ml_model, arm
),

arm_times as (
    select
        ml_model,
        arm,
        slot,
        version,
        min(decided_at) as first_decided_at,
        max(decided_at) as last_decided_at
    from arms
    group by ml_model, arm, slot, version
),

-- An arm and the champion in the runs in which the arm took part. An entity keeps its arm, so its decisions count as
-- one cluster. A decision weighs 1 / share, so that a share that changed does not mix times.
entities as (
    select
        arms.ml_model,
        arms.arm,
        decisions.entity_id,
        sum(case when decisions.arm = arms.arm then 1 else 0 end) as decisions,
        sum(arms.arm_share) as expected,
        sum(sqrt(arms.arm_share * (1 - arms.arm_share))) as deviation,
        sum(case when decisions.arm = 'champion' then 1 else 0 end) as champion_decisions,
        sum(arms.champion_share) as champion_expected,
        sum(sqrt(arms.champion_share * (1 - arms.champion_share))) as champion_deviation,
        count(case when decisions.arm = arms.arm then decisions.label end) as n,
        coalesce(sum(case when decisions.arm = arms.arm and decisions.label is not null then 1 / arms.arm_share end), 0)
            as weight,
        coalesce(sum(case when decisions.arm = arms.arm then decisions.label / arms.arm_share end), 0) as total,
        count(case when decisions.arm = 'champion' then decisions.label end) as champion_n,
        coalesce(
            sum(case when decisions.arm = 'champion' and decisions.label is not null then 1 / arms.champion_share end),
            0
        ) as champion_weight,
        coalesce(sum(case when decisions.arm = 'champion' then decisions.label / arms.champion_share end), 0)
            as champion_total
    from arms
    inner join decisions
        on
            arms.ml_model = decisions.ml_model
            and arms.invocation_id = decisions.invocation_id
    group by arms.ml_model, arms.arm, decisions.entity_id
),

sums as (
    select
        ml_model,
        arm,
        sum(decisions) as decisions,
        sum(expected) as expected_decisions,
        (sum(decisions) - sum(expected)) / nullif(sqrt(sum(deviation * deviation)), 0) as sample_ratio_z,
        (sum(champion_decisions) - sum(champion_expected))
        / nullif(sqrt(sum(champion_deviation * champion_deviation)), 0) as champion_sample_ratio_z,
        sum(n) as n,
        count(case when n > 0 then 1 end) as entities,
        nullif(sum(weight), 0) as weight,
        sum(total) / nullif(sum(weight), 0) as mean,
        sum(champion_n) as champion_n,
        count(case when champion_n > 0 then 1 end) as champion_entities,
        nullif(sum(champion_weight), 0) as champion_weight,
        sum(champion_total) / nullif(sum(champion_weight), 0) as champion_mean
    from entities
    group by ml_model, arm
),

-- What each entity moves the difference of the two means by, to first order.
influences as (
    select
        entities.ml_model,
        entities.arm,
        (entities.total - sums.mean * entities.weight) / sums.weight
        * sqrt(sums.entities / nullif(sums.entities - 1e0, 0)) as influence,
        (entities.champion_total - sums.champion_mean * entities.champion_weight) / sums.champion_weight
        * sqrt(sums.champion_entities / nullif(sums.champion_entities - 1e0, 0)) as champion_influence
    from entities
    inner join sums
        on
            entities.ml_model = sums.ml_model
            and entities.arm = sums.arm
),

variances as (
    select
        ml_model,
        arm,
        sum((influence - champion_influence) * (influence - champion_influence)) as variance
    from influences
    group by ml_model, arm
),

compared as (
    select
        arm_times.*,
        compared_with.champion_versions,
        sums.decisions,
        sums.expected_decisions,
        sums.sample_ratio_z,
        sums.champion_sample_ratio_z,
        sums.n,
        sums.entities,
        sums.mean,
        sums.champion_n,
        sums.champion_entities,
        sums.champion_mean,
        case when arm_times.slot <> 'champion' then sums.mean - sums.champion_mean end as difference,
        case when arm_times.slot <> 'champion' and variances.variance > 0 then sqrt(variances.variance) end
            as standard_error
    from arm_times
    inner join sums
        on
            arm_times.ml_model = sums.ml_model
            and arm_times.arm = sums.arm
    inner join variances
        on
            arm_times.ml_model = variances.ml_model
            and arm_times.arm = variances.arm
    left join compared_with
        on
            arm_times.ml_model = compared_with.ml_model
            and arm_times.arm = compared_with.arm
),

tails as (
    select
        ml_model,
        arm,
        'sample_ratio' as of_what,
        -abs(sample_ratio_z) as z
    from compared

    union all

    select
        ml_model,
        arm,
        'champion_sample_ratio' as of_what,
        -abs(champion_sample_ratio_z) as z
    from compared

    union all

    select
        ml_model,
        arm,
        'difference' as of_what,
        -abs(difference) / standard_error as z
    from compared
),

tail_probabilities as (
    {{ ml_ledger.normal_cdf('tails', 'z') | indent(4) }}
),

p_values as (
    select
        ml_model,
        arm,
        2 * max(case when of_what = 'sample_ratio' then probability end) as sample_ratio_p,
        2 * max(case when of_what = 'champion_sample_ratio' then probability end) as champion_sample_ratio_p,
        2 * max(case when of_what = 'difference' then probability end) as p_value
    from tail_probabilities
    group by ml_model, arm
),

tested as (
    select
        compared.*,
        p_values.sample_ratio_p,
        p_values.champion_sample_ratio_p,
        p_values.p_value,
        compared.difference - distances.z_confidence * compared.standard_error as ci_low,
        compared.difference + distances.z_confidence * compared.standard_error as ci_high,
        settings.significance,
        settings.minimum_effect,
        settings.minimum_effect_text,
        cast(ceil(
            compared.n * power(
                compared.standard_error * (distances.z_confidence + distances.z_power) / settings.minimum_effect, 2
            )
        ) as {{ dbt.type_bigint() }}) as needed_n
    from compared
    inner join p_values
        on
            compared.ml_model = p_values.ml_model
            and compared.arm = p_values.arm
    inner join settings
        on compared.ml_model = settings.ml_model
    inner join distances
        on compared.ml_model = distances.ml_model
),

needed as (
    select
        *,
        case when needed_n > n then needed_n - n when needed_n is not null then 0 end as still_needed,
        -- Rounded up to two figures or so, for the verdict.
        case
            when needed_n - n > 1000 then cast(ceil((needed_n - n) / 100e0) * 100 as {{ dbt.type_bigint() }})
            when needed_n > n then cast(ceil((needed_n - n) / 10e0) * 10 as {{ dbt.type_bigint() }})
        end as about_needed
    from tested
),

worded as (
    select
        *,
        {{ ml_ledger.readable_number('abs(difference)', 'standard_error') | indent(8) }} as distance_text,
        {{ ml_ledger.readable_number('ci_low', 'standard_error') | indent(8) }} as low_text,
        {{ ml_ledger.readable_number('ci_high', 'standard_error') | indent(8) }} as high_text,
        {{ ml_ledger.readable_number('-ci_low', 'standard_error') | indent(8) }} as minus_low_text,
        {{ ml_ledger.readable_number('-ci_high', 'standard_error') | indent(8) }} as minus_high_text,
        {{ ml_ledger.readable_count('about_needed') | indent(8) }} as about_needed_text
    from needed
)

select
    ml_model,
    arm,
    slot,
    version,
    champion_versions,
    'outcome' as metric,
    first_decided_at,
    last_decided_at,
    cast(decisions as {{ dbt.type_bigint() }}) as decisions,
    round(expected_decisions, 6) as expected_decisions,
    sample_ratio_z,
    sample_ratio_p,
    cast(n as {{ dbt.type_bigint() }}) as n,
    cast(entities as {{ dbt.type_bigint() }}) as entities,
    mean,
    cast(champion_n as {{ dbt.type_bigint() }}) as champion_n,
    champion_mean,
    difference,
    ci_low,
    ci_high,
    p_value,
    significance,
    minimum_effect,
    needed_n,
    cast(still_needed as {{ dbt.type_bigint() }}) as still_needed,
    case
        when sample_ratio_p < 0.001 or champion_sample_ratio_p < 0.001
            then 'the arms are not of the declared sizes: do not read the result'
        when slot = 'champion' then 'what the other arms are compared with'
        when entities < 30 or champion_entities < 30 or standard_error is null then 'waiting for outcomes'
        when ci_low > 0 then 'higher by ' || distance_text || ' (' || low_text || ' to ' || high_text || ')'
        when ci_high < 0 then 'lower by ' || distance_text || ' (' || minus_high_text || ' to ' || minus_low_text || ')'
        else
            'no difference shown (' || low_text || ' to ' || high_text || ')' || coalesce(
                case
                    when still_needed > 0
                        then '; about ' || about_needed_text || ' more outcomes needed to see ' || minimum_effect_text
                    else '; there were enough outcomes to see ' || minimum_effect_text
                end,
                ''
            )
    end as verdict
from worded
