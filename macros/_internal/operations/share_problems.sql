{#
    What is wrong with a share: it must be a number of the 10,000 buckets into which entities are dealt, and, beside
    those of the others, at most all of them at any time at which it will hold.
    Arguments: state, as returned by `operation_state`; slot and version whose share it is; share, as given;
    may_be_none, whether 0 is a share as well, which ends it.
    Returns: list of texts.
#}
{% macro share_problems(state, slot, version, share, may_be_none) %}
    {% set is_number = share is number and share is not boolean %}
    {# NaN is neither above nor below. #}
    {% if not is_number or not (0 <= share <= 1) or (share == 0 and not may_be_none) %}
        {% do return([
            'share: must be a number ' ~ ('from 0 to 1' if may_be_none else 'above 0 and at most 1') ~ '; got '
            ~ ml_ledger.as_given(share) ~ '.'
        ]) %}
    {% endif %}
    {% set buckets = share * 10000 %}
    {% if (buckets - buckets | round) | abs > 1e-6 %}
        {% do return([
            'share: must be a number of the 10,000 buckets of entities; got ' ~ share ~ ', which is '
                ~ buckets | round(4)
            ~ ' of them. Allowed: steps of 0.0001, as ' ~ [(buckets | round) / 10000, 0.0001] | max ~ '.'
        ]) %}
    {% endif %}
    {% set most = ml_ledger.largest_share_beside(state, slot, version) %}
    {% if share + most > 1 + 1e-9 %}
        {% do return([
            'share: the shares of control and challengers must be at most 1 together; got ' ~ share ~ ' beside '
            ~ most | round(4) ~ ' of the others. Allowed: at most ' ~ (1 - most) | round(4) ~ '.'
        ]) %}
    {% endif %}
    {% do return([]) %}
{% endmacro %}

{#
    The largest share that control and challengers have together, without one of them, at any time at which a share that
    begins now will hold.
    Arguments: state, slot and version as of `share_problems`.
    Returns: number.
#}
{% macro largest_share_beside(state, slot, version) %}
    {% set until = namespace(moment=none) %}
    {% set others = [] %}
    {% for deployment in state.divided %}
        {% if (deployment.slot, deployment.version) != (slot, version) %}
            {% do others.append(deployment) %}
        {% else %}
            {% set next = deployment.valid_from if deployment.valid_from > state.valid_from else deployment.valid_to %}
            {% if next is not none and (until.moment is none
                or next < until.moment) %}{% set until.moment = next %}{% endif %}
        {% endif %}
    {% endfor %}
    {% set largest = namespace(share=0) %}
    {% set later = others | map(attribute='valid_from') | select('gt', state.valid_from) | list %}
    {% for moment in [state.valid_from] + later %}
        {% set sum = namespace(share=0) %}
        {% for deployment in others if deployment.valid_from <= moment %}
            {% if deployment.valid_to is none
                or deployment.valid_to > moment %}{% set sum.share = sum.share + deployment.share %}{% endif %}
        {% endfor %}
        {% if sum.share > largest.share and (until.moment is none or moment < until.moment) %}
            {% set largest.share = sum.share %}
        {% endif %}
    {% endfor %}
    {% do return(largest.share) %}
{% endmacro %}
