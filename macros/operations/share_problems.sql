{#
    What is wrong with a share, beside those of the others, at any time at which it will hold.
    Arguments: state, as returned by `operation_state`; slot and version whose share it is; share, a number.
    Returns: list of texts.
#}
{% macro share_problems(state, slot, version, share) %}
    {% set until = namespace(moment=none) %}
    {% set others = [] %}
    {% for deployment in state.divided %}
        {% if (deployment.slot, deployment.version) != (slot, version) %}
            {% do others.append(deployment) %}
        {% else %}
            {% set next = deployment.valid_from if deployment.valid_from > state.valid_from else deployment.valid_to %}
            {% if next is not none and (until.moment is none or next < until.moment) %}{% set until.moment = next %}{% endif %}
        {% endif %}
    {% endfor %}
    {% set largest = namespace(share=0) %}
    {% for moment in [state.valid_from] + others | map(attribute='valid_from') | select('gt', state.valid_from) | list %}
        {% set sum = namespace(share=0) %}
        {% for deployment in others if deployment.valid_from <= moment %}
            {% if deployment.valid_to is none or deployment.valid_to > moment %}{% set sum.share = sum.share + deployment.share %}{% endif %}
        {% endfor %}
        {% if sum.share > largest.share and (until.moment is none or moment < until.moment) %}
            {% set largest.share = sum.share %}
        {% endif %}
    {% endfor %}
    {% if share + largest.share > 1 + 1e-9 %}
        {% do return([
            'share: the shares of control and challengers must be at most 1 together; got ' ~ share ~ ' beside '
            ~ largest.share | round(4) ~ ' of the others. Allowed: at most ' ~ (1 - largest.share) | round(4) ~ '.'
        ]) %}
    {% endif %}
    {% do return([]) %}
{% endmacro %}
