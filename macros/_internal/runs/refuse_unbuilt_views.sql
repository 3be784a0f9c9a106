{#
    Stop a run that would build nodes of a host project which read a view of this package, where the view is neither
    built nor part of the run (`--exclude package:ml_ledger` in a new warehouse): the warehouse would only say that a
    table is missing. With `--defer` it is read elsewhere.
    Arguments: selected, unique ids of what the run builds.
    Returns: nothing.
    Example: on-run-start: "{{ ml_ledger.refuse_unbuilt_views(selected_resources) }}"
#}
{% macro refuse_unbuilt_views(selected) %}
    {% set readers = {} %}
    {% for unique_id in selected if execute and not flags.DEFER %}
        {% set node = graph.nodes.get(unique_id) %}  {# none for a unit test #}
        {% for parent in (node.depends_on.nodes if node else []) if node.package_name != 'ml_ledger'
            and parent.startswith('model.ml_ledger.') and parent not in selected %}
            {% do readers.update({parent: (readers[parent] or []) + [node.name]}) %}
        {% endfor %}
    {% endfor %}
    {% set problems = [] %}
    {% for parent, names in readers.items() %}
        {% set view = graph.nodes[parent] %}
        {% if adapter.get_relation(view.database, view.schema, view.alias) is none %}
            {% do problems.append(
                view.name ~ ': is not built in schema ' ~ view.schema ~ ', and ' ~ names | sort | join(', ')
                ~ ' would read it. Fix: build it once, with what it needs: dbt build --select +'
                ~ names | sort | join(' +') ~ '.'
            ) %}
        {% endif %}
    {% endfor %}
    {% do ml_ledger.refuse('views of ml_ledger', problems) %}
{% endmacro %}
