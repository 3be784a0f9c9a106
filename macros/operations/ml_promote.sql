{#
    Deploy a version that passed the gate: as champion, as challenger with a share of the entities, or as shadow, which is
    scored and decides nothing (any version that is not retired can be one).
    Arguments: ml_model; version; reason, why; slot, 'champion' (default), 'challenger' or 'shadow'; share, of a
    challenger, above 0; valid_from, the business time from which it holds, by default the clock: an earlier one corrects
    the past, and decisions that were made stay as they are. A later one is refused.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_promote --args '{ml_model: repurchase, version: 2, reason: "better on new customers"}'
#}
{% macro ml_promote(ml_model, version, reason, slot='champion', share=none, valid_from=none) %}
    {% do ml_ledger.deploy('ml_promote', ml_model, version, reason, slot, share, valid_from) %}
{% endmacro %}

{#
    What ml_promote and ml_set_share do.
    Arguments: operation, its name; the others as of ml_promote.
    Returns: nothing.
#}
{% macro deploy(operation, ml_model, version, reason, slot, share, valid_from) %}
    {% set state = ml_ledger.operation_state(operation, ml_model, valid_from) %}
    {% set problems = ml_ledger.argument_problems(state, reason, version) %}
    {% set live = state.live | selectattr('version', 'equalto', version) | list %}
    {% set is_champion = live | selectattr('slot', 'equalto', 'champion') | list | length > 0 %}
    {% set share_is_number = share is number and share is not boolean %}
    {% if slot not in ['champion', 'challenger', 'shadow'] %}
        {% do problems.append("slot: has a value that is not allowed; got '" ~ slot ~ "'. Allowed: champion, challenger, shadow.") %}
    {% elif slot != 'challenger' and share is not none %}
        {% do problems.append('share: only a challenger has one; got ' ~ (share | tojson) ~ ' for slot ' ~ slot ~ '. Fix: leave it out.') %}
    {% elif slot == 'challenger' and (not share_is_number or share <= 0 or share > 1) %}
        {% do problems.append('share: must be a number above 0 and at most 1; got ' ~ (share | tojson) ~ '.') %}
    {% elif slot == 'challenger' %}
        {% do problems.extend(ml_ledger.share_problems(state, 'challenger', version, share)) %}
    {% endif %}
    {% if version in state.known and slot in ['champion', 'challenger', 'shadow'] %}
        {% do problems.extend(ml_ledger.deployable(state, version, slot)) %}
        {% if is_champion and slot != 'champion' %}
            {% do problems.append(
                'version: version ' ~ version ~ ' is champion, and decides already. Fix: promote another version first.'
            ) %}
        {% endif %}
    {% endif %}
    {% do ml_ledger.refuse(operation, problems) %}
    {% set share = share if slot == 'challenger' else 1 %}
    {% set same = [] %}
    {% set events = [] %}
    {% for deployment in live %}
        {% if deployment.slot == slot and deployment.share == share %}
            {% do same.append(deployment) %}
        {% elif deployment.slot != slot %}
            {% do events.append({'event': 'ended', 'version': version, 'slot': deployment.slot}) %}
        {% endif %}
    {% endfor %}
    {% if same %}
        {% do ml_ledger.report(operation, state, 'version ' ~ version ~ ' is ' ~ slot ~ ' already; nothing to do') %}
    {% else %}
        {% do events.append({'event': 'deployed', 'version': version, 'slot': slot, 'share': share}) %}
        {% do ml_ledger.record_events(state, operation, reason, events) %}
        {% do ml_ledger.report(
            operation, state,
            'version ' ~ version ~ ' is ' ~ slot ~ (' for ' ~ (share * 100) | round(2) ~ ' % of the entities' if slot == 'challenger' else '')
            ~ ' from ' ~ state.valid_from ~ ' on'
        ) %}
    {% endif %}
{% endmacro %}

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

{#
    Say what an operation did.
    Arguments: operation, its name; state, as returned by `operation_state`; what, text.
    Returns: nothing.
#}
{% macro report(operation, state, what) %}
    {% do print(operation ~ ': ' ~ state.ml_model ~ ': ' ~ what ~ ' (by ' ~ ml_ledger.actor_name() ~ ')') %}
{% endmacro %}
