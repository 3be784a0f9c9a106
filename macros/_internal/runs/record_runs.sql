{#
    Append one row per node that this run executed to `ml_run_log`. Runs at the end of every `dbt build` and `dbt run`;
    what only tests, seeds, compiles or documents is not recorded. Where the log was not built, nothing is.
    Arguments: results, as dbt hands them to on-run-end.
    Returns: SQL, an insert; nothing where there is nothing to record.
    Example: on-run-end: "{{ ml_ledger.record_runs(results) }}"
#}
{% macro record_runs(results) %}
    {% if not execute or not results or flags.WHICH not in ['build', 'run'] %}
        {% do return('') %}
    {% endif %}
    {% set log = ml_ledger.built_node('ml_run_log') %}
    {% if not log %}
        {% do return('') %}
    {% endif %}
    {% set run, rows = ml_ledger.run_of_results(), [] %}
    {% do run.update({'row_counts': ml_ledger.rows_of_results(results), 'ml_model_of': {}}) %}
    {# A log that an earlier release built gets its new columns when its node runs. #}
    {% set there, columns = ml_ledger.column_types(log), [] %}
    {% for column in ml_ledger.run_columns() if column in there %}
        {% do columns.append(column) %}
    {% endfor %}
    {% for result in results %}
        {% set values, row = ml_ledger.row_of_result(result, run), [] %}
        {% for column in columns %}
            {% do row.append(values[column]) %}
        {% endfor %}
        {% do rows.append('(' ~ row | join(', ') ~ ')') %}
    {% endfor %}
    {# What was looked up opened a transaction; dbt runs what a hook returns outside of one, and commits nothing. #}
    {% do adapter.commit() %}
    {% do return('insert into ' ~ log ~ ' (' ~ columns | join(', ') ~ ')\nvalues\n' ~ rows | join(',\n')) %}
{% endmacro %}

{#
    The columns of `ml_run_log`.
    Returns: mapping of column to SQL type.
#}
{% macro run_columns() %}
    {% set text, whole, moment = dbt.type_string(), dbt.type_bigint(), dbt.type_timestamp() %}
    {% do return({
        'invocation_id': text,
        'node_id': text,
        'node': text,
        'resource_type': text,
        'ml_model': text,
        'stage': text,
        'status': text,
        'message': text,
        'started_at': moment,
        'completed_at': moment,
        'seconds': ml_ledger.type_double(),
        'row_count': whole,
        'bytes': whole,
        'cost': ml_ledger.type_double(),
        'currency': text,
        'clock': moment,
        'recorded_at': moment,
    }) %}
{% endmacro %}

{#
    What is the same for all rows of a run: computed once, since the hook is to cost next to nothing.
    Returns: mapping.
#}
{% macro run_of_results() %}
    {% set rate = ml_ledger.cost_rate() %}
    {% do return({
        'invocation_id': ml_ledger.text_literal(invocation_id),
        'per_hour': rate.per_hour,
        'currency': ml_ledger.text_literal(rate.currency) if rate.currency else 'null',
        'clock': ml_ledger.clock(),
        'recorded_at': ml_ledger.wall_clock(),
        'ml_models': ml_ledger.ml_model_names(),
        'feature_views': ml_ledger.feature_view_names([]),
        'moment': '%Y-%m-%d %H:%M:%S.%f',
    }) %}
{% endmacro %}

{#
    A row of `ml_run_log`. It calls few macros, since each call takes as long as hundreds of rows in the engine.
    Arguments: result, one of dbt's results; run, as of `run_of_results`, with row_counts, and ml_model_of, what was
    looked up.
    Returns: mapping of column to SQL.
#}
{% macro row_of_result(result, run) %}
    {% set node, seconds, status = result.node, result.execution_time or 0, result.status | string %}
    {% set is_test = node.resource_type | string in ['test', 'unit_test'] %}
    {% set about = (node.attached_node or node.tested_node_unique_id or node.name).split('.')[-1] %}
    {% if about not in run.ml_model_of %}
        {% do run.ml_model_of.update({about: ml_ledger.ml_model_of(about, run.ml_models)}) %}
    {% endif %}
    {% set ml_model = run.ml_model_of[about] %}
    {% set plain = "'" not in node.unique_id and '\\' not in node.unique_id %}
    {% set finished = result.timing | selectattr('completed_at') | list %}
    {% set faulty = result.message and status not in ['success', 'pass', 'skipped', 'no-op'] %}
    {% do return({
        'invocation_id': run.invocation_id,
        'node_id': "'" ~ node.unique_id ~ "'" if plain else ml_ledger.text_literal(node.unique_id),
        'node': "'" ~ node.name ~ "'" if plain else ml_ledger.text_literal(node.name),
        'resource_type': "'" ~ node.resource_type ~ "'",
        'ml_model': "'" ~ ml_model ~ "'" if ml_model else 'null',
        'stage': "'" ~ ('test' if is_test else ml_ledger.stage_of(node.name, ml_model, run.feature_views)) ~ "'",
        'status': "'" ~ status ~ "'",
        'message': ml_ledger.text_literal(ml_ledger.first_line_of_fault(result.message)) if faulty else 'null',
        'started_at': "'" ~ finished[0].started_at.strftime(run.moment) ~ "'" if finished else 'null',
        'completed_at': "'" ~ finished[-1].completed_at.strftime(run.moment) ~ "'" if finished else 'null',
        'seconds': seconds,
        'row_count': run.row_counts.get(node.unique_id, 'null'),
        'bytes': (result.adapter_response or {}).get('bytes_processed') or 'null',
        'cost': 'null' if run.per_hour is none else seconds / 3600 * run.per_hour,
        'currency': run.currency,
        'clock': run.clock,
        'recorded_at': run.recorded_at,
    }) %}
{% endmacro %}

{# Of an error of the engine, dbt's first line only says in which node it was. #}
{% macro first_line_of_fault(message) %}
    {% set lines = [] %}
    {% for line in (message | string).split('\n') if line | trim %}
        {% do lines.append(line | trim) %}
    {% endfor %}
    {% set names_node = lines | length > 1 and modules.re.match('[A-Z][a-z]+ Error in ', lines[0]) %}
    {% do return((lines[0] ~ ': ' ~ lines[1] if names_node else lines[0])[:500]) %}
{% endmacro %}
