{#
    Which entities each arm decides for: control the first buckets, then each challenger in the order of versions, the
    champion the rest. A shadow scores all and decides for none.
    Arguments: rows, the result of `live_versions_query`.
    Returns: mapping of deployment_id to a mapping of slot, arm, share, buckets, paused, deployment_id and version.
#}
{% macro arms(rows) %}
    {% set arms = {} %}
    {% set taken = namespace(buckets=0) %}
    {% for slot in ['control', 'challenger', 'champion', 'shadow'] %}
        {% for row in rows if row['slot'] == slot %}
            {% set first = taken.buckets %}
            {% if slot in ['control', 'challenger'] %}
                {% set taken.buckets = first + (row['share'] * 10000) | round | int %}
            {% elif slot == 'champion' %}
                {% set taken.buckets = 10000 %}
            {% endif %}
            {% do arms.update({row['deployment_id']: {
                'slot': slot,
                'arm': slot if slot in ['control', 'champion'] else slot ~ '_' ~ (row['version'] | int),
                'share': (taken.buckets - first) / 10000,
                'buckets': none if slot == 'shadow' or (first, taken.buckets) == (0, 10000) else [first, taken.buckets],
                'paused': row['is_paused'] == 1,
                'deployment_id': row['deployment_id'],
                'version': none,
            }}) %}
        {% endfor %}
    {% endfor %}
    {% do return(arms) %}
{% endmacro %}
