{#
    Set the share of the entities that a challenger decides for, or, without a version, the share of the control group,
    for which no version decides. 0 ends it.
    Arguments: ml_model; share, 0 to 1 in steps of 0.0001; reason, why; version, of the challenger, none for the control
    group.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_set_share --args '{ml_model: repurchase, share: 0.05,
        reason: measure the effect of offers}'
#}
{% macro ml_set_share(ml_model, share, reason, version=none) %}
    {% if version is not none and share != 0 %}
        {% do ml_ledger.deploy('ml_set_share', ml_model, version, reason, 'challenger', share, none) %}
    {% else %}
        {% set slot = 'control' if version is none else 'challenger' %}
        {% set problems = ml_ledger.argument_problems(reason, version, needs_version=version is not none) %}
        {% set state = ml_ledger.operation_state('ml_set_share', ml_model, problems, version) %}
        {% do problems.extend(ml_ledger.share_problems(state, slot, version, share, may_be_none=true)) %}
        {% do ml_ledger.refuse('ml_set_share', problems) %}
        {% set live = state.live | selectattr('slot', 'equalto', slot)
            | selectattr('version', 'equalto', version) | list %}
        {% set who = 'the control group' if version is none else 'challenger version ' ~ version %}
        {% if (live and live[0].share == share) or (not live and share == 0) %}
            {% do ml_ledger.report(
                'ml_set_share', state, who ~ ' has a share of ' ~ share ~ ' already; nothing to do'
            ) %}
        {% else %}
            {% do ml_ledger.record_events(state, 'ml_set_share', reason, [{
                'event': 'deployed' if share > 0 else 'ended', 'version': version, 'slot': slot, 'share': share,
            }]) %}
            {% do ml_ledger.report(
                'ml_set_share', state, who ~ ' has a share of ' ~ share ~ ' from ' ~ state.valid_from ~ ' on'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}
