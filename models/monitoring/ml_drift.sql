{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
with

measured as (
    {{
        ml_ledger.union_ml_models('drift', {
            'ml_model': text,
            'version': whole,
            'slot': text,
            'period_start': dbt.type_timestamp(),
            'part': text,
            'feature': text,
            'kind': text,
            'metric': text,
            'n': whole,
            'reference_n': whole,
            'psi': double,
            'ks': double,
            'js': double,
            'wasserstein': double,
            'chi_square': double,
            'mean': double,
            'reference_mean': double,
            'shift': double,
            'missing_share': double,
            'reference_missing_share': double,
            'out_of_range_share': double,
            'default_value': double,
            'default_share': double,
            'reference_default_share': double,
            'new_level_share': double,
            'new_levels': text,
            'vanished_levels': text,
            'value': double,
            'ci_low': double,
            'ci_high': double,
            'reference_value': double,
            'p_value': double,
            'q_value': double,
            'status': text,
            'severity': text,
            'cause': text,
            'contribution': double,
            'rank': whole,
        }, declaring='monitoring.drift', conditions=ml_ledger.declared_period()) | indent(4)
    }}
)

select * from measured
