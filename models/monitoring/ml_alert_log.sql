with

checks as (
    select
        ml_model,
        check_number,
        checked_at,
        lead(checked_at) over (partition by ml_model order by check_number) as next_checked_at
    from {{ ref('ml_alert_checks') }}
    where event = 'checked'
),

-- Findings of one alert in checks that follow one another have the same difference.
found as (
    select
        *,
        check_number - row_number() over (partition by ml_model, alert_id order by check_number) as episode
    from {{ ref('ml_alert_checks') }}
    where event = 'found'
),

episodes as (
    select
        ml_model,
        alert_id,
        episode,
        min(check_number) as first_check,
        max(check_number) as last_check
    from found
    group by ml_model, alert_id, episode
),

acknowledged as (
    select
        episodes.ml_model,
        episodes.alert_id,
        episodes.episode,
        acts.actor,
        acts.reason,
        acts.recorded_at,
        row_number() over (
            partition by episodes.ml_model, episodes.alert_id, episodes.episode
            order by acts.recorded_at desc
        ) as place
    from episodes
    inner join {{ ref('ml_alert_checks') }} as acts
        on
            episodes.ml_model = acts.ml_model
            and episodes.alert_id = acts.alert_id
            and acts.event = 'acknowledged'
            and acts.check_number between episodes.first_check and episodes.last_check
)

select
    episodes.alert_id,
    episodes.ml_model,
    latest.rule,
    latest.severity,
    latest.version,
    latest.slot,
    latest.feature,
    latest.slice,
    latest.metric,
    latest.period_start,
    latest.value,
    latest.threshold,
    latest.message,
    first_check.checked_at as first_seen,
    last_check.checked_at as last_seen,
    last_check.next_checked_at as closed_at,
    case when latest.expected_because is null then acknowledged.actor else 'the declaration' end as acknowledged_by,
    coalesce(latest.expected_because, acknowledged.reason) as acknowledged_because
from episodes
inner join found as latest
    on
        episodes.ml_model = latest.ml_model
        and episodes.alert_id = latest.alert_id
        and episodes.last_check = latest.check_number
inner join checks as first_check
    on
        episodes.ml_model = first_check.ml_model
        and episodes.first_check = first_check.check_number
inner join checks as last_check
    on
        episodes.ml_model = last_check.ml_model
        and episodes.last_check = last_check.check_number
left join acknowledged
    on
        episodes.ml_model = acknowledged.ml_model
        and episodes.alert_id = acknowledged.alert_id
        and episodes.episode = acknowledged.episode
        and acknowledged.place = 1
