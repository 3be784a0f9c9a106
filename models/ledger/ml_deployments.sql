{{ config(post_hook=ml_ledger.create_version_as_of(this)) }}

{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- set moment = dbt.type_timestamp() %}

with

verdicts as (
    {{
        ml_ledger.union_ml_models('deployments', {
            'deployment_id': text,
            'ml_model': text,
            'version': whole,
            'verdict': text,
            'slot': text,
            'share': double,
            'valid_from': moment,
            'actor': text,
            'reason': text,
            'recorded_at': moment,
            'invocation_id': text,
        }) | indent(4)
    }}
),

deployments as (
    select
        deployment_id,
        ml_model,
        version,
        slot,
        share,
        valid_from,
        lead(valid_from) over (partition by ml_model, slot order by valid_from, recorded_at, version) as valid_to,
        actor,
        reason,
        recorded_at,
        invocation_id
    from verdicts
    where verdict = 'deployed'
)

select * from deployments
