{#
    The relations with rows set aside that `ml_quarantine` shows, as declared under `vars.ml_quarantined`. Those with
    `example: true` count only where the shipped example is on.
    Returns: mapping of name to mapping with key, timestamp and source; empty where none is declared.
    Example: {% for name, declared in ml_ledger.quarantined_relations().items() %} ... {% endfor %}
#}
{% macro quarantined_relations() %}
    {% set problems, counted = [], {} %}
    {% set declared, allowed = var('ml_quarantined', none) or {}, ['key', 'timestamp', 'source', 'example'] %}
    {% if declared is not mapping %}
        {% do ml_ledger.refuse('ml_quarantined', [
            'must be a mapping of models to mappings; got ' ~ declared
            ~ '. Fix: quarantined_orders: {key: order_id, timestamp: ordered_at, source: checked_orders}.'
        ]) %}
    {% endif %}
    {% for name, entry in declared.items() %}
        {% if entry is not mapping %}
            {% do problems.append(
                name ~ ': must be a mapping; got ' ~ entry ~ '. Fix: {key: ..., timestamp: ..., source: ...}.'
            ) %}
        {% elif ml_ledger.example_is_on() or not entry.get('example') %}
            {% do counted.update({name: entry}) %}
            {% for key in entry if key not in allowed %}
                {% do problems.append(
                    name ~ '.' ~ key ~ ': unknown key; got ' ~ entry[key] ~ '. Allowed: ' ~ allowed | join(', ')
                    ~ '. Fix: remove the key.'
                ) %}
            {% endfor %}
            {% for key, meaning in {
                'key': 'the column, or list of columns, that finds a row again',
                'timestamp': 'the column with the moment of a row',
                'source': 'the model or seed with all rows, good and set aside, such as the one with checked_rows',
            }.items() %}
                {% set given = entry.get(key) %}
                {% if not given or given is mapping or (key != 'key' and given is not string)
                    or (given is not string and given | reject('string') | list) %}
                    {% do problems.append(
                        name ~ '.' ~ key ~ ': must be ' ~ meaning ~ '; got ' ~ (given or 'nothing')
                            ~ '. Fix: ' ~ key ~ ': ....'
                    ) %}
                {% endif %}
            {% endfor %}
        {% endif %}
    {% endfor %}
    {% do ml_ledger.refuse('ml_quarantined', problems) %}
    {% do return(counted) %}
{% endmacro %}
