{#
    Whether a deployment is live at a business time: of the rows of `deployment_intervals`, or of ml_deployments.
    Arguments: at, SQL timestamp; prefix, of the columns ('deployed.').
    Returns: SQL, a condition.
    Example: where slot = 'champion' and {{ ml_ledger.is_live_at(ml_ledger.clock()) }}
#}
{% macro is_live_at(at, prefix='') -%}
{{ prefix }}valid_from <= {{ at }}
        and ({{ prefix }}valid_to is null or {{ prefix }}valid_to > {{ at }})
{%- endmacro %}
