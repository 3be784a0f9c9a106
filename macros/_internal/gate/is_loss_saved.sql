{#
    Condition: a row of metrics says what was saved of the loss that its version is judged by: log loss; of counts and
    amounts the deviance of the version's own family, where there is one; else the squared error, or distance.
    Arguments: metrics, a relation with scored_by, slice and metric; row, the alias of it that is asked; keys, its
    columns that tell one scorer's metrics from another's, besides scored_by.
    Returns: SQL.
    Example: where {{ ml_ledger.is_loss_saved('holdout_metrics', 'savings', keys=['version']) }}
#}
{% macro is_loss_saved(metrics, row, keys) -%}
{{ row }}.slice = 'all'
and {{ row }}.metric in (
    'log_loss_reduction', 'squared_error_reduction', 'squared_distance_reduction', 'deviance_reduction'
)
and not (
    {{ row }}.metric = 'squared_error_reduction'
    and exists (
        select 1
        from {{ metrics }} as deviances
        where
            deviances.slice = 'all'
            and deviances.metric = 'deviance_reduction'
            {%- for key in ['scored_by'] + keys %}
            and deviances.{{ key }} = {{ row }}.{{ key }}
            {%- endfor %}
    )
)
{%- endmacro %}
