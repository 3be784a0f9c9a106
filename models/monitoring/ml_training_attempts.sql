with

attempts as (
    {%- for name in ml_ledger.ml_model_names() %}
        {{ ml_ledger.attempts(ref(project_name, name ~ '_versions')) | indent(8) }}

        union all
    {% endfor %}
    {{ ml_ledger.declared_rows(ml_ledger.attempt_columns(), []) | indent(4) }}
),

numbered as (
    select
        attempts.*,
        row_number() over (partition by attempts.ml_model order by attempts.recorded_at desc) as age
    from attempts
),

champions as (
    select
        ml_model,
        version
    from {{ ref('ml_deployments') }}
    where
        slot = 'champion'
        and {{ ml_ledger.is_live_at(ml_ledger.clock()) }}
),

latest_versions as (
    select
        ml_model,
        max(recorded_at) as recorded_at
    from {{ ref('ml_versions') }}
    group by ml_model
)

select
    numbered.ml_model,
    numbered.attempted_at,
    numbered.kind,
    numbered.message,
    case when not numbered.stops_scoring then champions.version end as champion_version,
    numbered.age = 1
    and numbered.kind <> 'settled'
    and coalesce(latest_versions.recorded_at < numbered.recorded_at, true) as is_open,
    numbered.spec_hash,
    numbered.training_set_fingerprint,
    numbered.invocation_id,
    numbered.recorded_at
from numbered
left join latest_versions
    on numbered.ml_model = latest_versions.ml_model
left join champions
    on numbered.ml_model = champions.ml_model
