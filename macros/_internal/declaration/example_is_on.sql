{#
    Whether the shipped example is part of this build: `var('ml_ledger_example')`, by default only in this project.
    Returns: boolean.
    Example: {% if ml_ledger.example_is_on() %} ... {% endif %}
#}
{% macro example_is_on() %}
    {% do return(var('ml_ledger_example', target.profile_name == 'ml_ledger')) %}
{% endmacro %}
