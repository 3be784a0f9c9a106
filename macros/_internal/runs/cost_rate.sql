{#
    What an hour of the warehouse costs, as declared: `vars: ml_costs: {per_hour: 2.5, currency: USD}`. With `example:
    true` it counts only where the shipped example is on.
    Returns: mapping of per_hour and currency; none each where nothing valid is declared.
    Example: {% set rate = ml_ledger.cost_rate() %}
#}
{% macro cost_rate() %}
    {% set declared = ml_ledger.declared_costs() %}
    {% if declared is none or ml_ledger.cost_problems() %}
        {% do return({'per_hour': none, 'currency': none}) %}
    {% endif %}
    {% do return({'per_hour': declared.per_hour, 'currency': declared.get('currency')}) %}
{% endmacro %}

{% macro declared_costs() %}
    {% set declared = var('ml_costs', none) %}
    {% set is_example = declared is mapping and declared.get('example') and not ml_ledger.example_is_on() %}
    {% do return(none if is_example else declared) %}
{% endmacro %}

{#
    What is wrong with the declared costs.
    Returns: list of texts.
#}
{% macro cost_problems() %}
    {% set declared, problems = ml_ledger.declared_costs(), [] %}
    {% if declared is none %}
        {% do return([]) %}
    {% endif %}
    {% set example = 'ml_costs: {per_hour: 2.5, currency: USD}' %}
    {% if declared is not mapping %}
        {% do return(
            ['vars.ml_costs: must be a mapping of keys; got ' ~ declared | tojson ~ '. Fix: ' ~ example ~ '.']
        ) %}
    {% endif %}
    {% for key in declared if key not in ['per_hour', 'currency', 'example'] %}
        {% do problems.append(
            'vars.ml_costs.' ~ key ~ ': unknown key. Allowed: per_hour, currency, example. Fix: remove it.'
        ) %}
    {% endfor %}
    {% set per_hour = declared.get('per_hour') %}
    {% if per_hour is not number or per_hour is boolean or not 0 <= per_hour < 1e300 %}
        {% do problems.append(
            'vars.ml_costs.per_hour: must be a number, 0 or more; got ' ~ per_hour | tojson ~ '. Fix: ' ~ example ~ '.'
        ) %}
    {% endif %}
    {% if declared.get('currency') is not none and declared.currency is not string %}
        {% do problems.append(
            'vars.ml_costs.currency: must be a text; got ' ~ declared.currency | tojson ~ '. Fix: ' ~ example ~ '.'
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
