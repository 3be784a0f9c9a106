{#
    The columns that hold the probabilities of classes: `probability_<class>`, in lower case, with `_` for everything
    but a-z and digits. Classes that would share a column keep their letters of other scripts; if these are alike, too,
    other characters become their code in hexadecimal (`A+` and `A-`: probability_a_2b, probability_a_2d), and what then
    still is alike has the class's place in the declaration at its end. `class_columns` in
    src/ml_ledger/declaration/base.py is the same.
    Arguments: classes, list of names.
    Returns: mapping of class to column.
    Example: {% for column in ml_ledger.class_columns(spec.classes).values() %}
#}
{% macro class_columns(classes) %}
    {% set forms, columns = [{}, {}, {}], {} %}
    {% for class in classes %}
        {% set name, escaped = class | string | lower, [] %}
        {% for character in name %}
            {% do escaped.append(
                character if modules.re.match('\\w', character) else '_' ~ character.encode('utf-8').hex()
            ) %}
        {% endfor %}
        {% do forms[0].update({class: modules.re.sub('[^a-z0-9_]+', '_', name)}) %}
        {% do forms[1].update({class: modules.re.sub('\\W+', '_', name)}) %}
        {% do forms[2].update({class: escaped | join}) %}
    {% endfor %}
    {% for class in classes %}
        {% set place = loop.index %}
        {% for form in forms if form.values() | select('equalto', form[class]) | list | length == 1 %}
            {% do columns.setdefault(class, 'probability_' ~ form[class]) %}
        {% endfor %}
        {% do columns.setdefault(class, 'probability_' ~ forms[2][class] ~ '_' ~ place) %}
    {% endfor %}
    {% do return(columns) %}
{% endmacro %}
