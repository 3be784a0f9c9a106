{#
    A declaration with the defaults of the keys that it leaves out, and of those whose values cannot be read.
    Arguments: declaration, as written.
    Returns: mapping, as of `ml_model_spec`.
#}
{% macro resolved_spec(declaration) %}
    {% set spec, unreadable = {}, {} %}
    {# By the path of a block that there is: what is declared in it, and the mapping that is filled. #}
    {% set declared, filled = {'': declaration if declaration is mapping else {}}, {'': spec} %}
    {% for block, keys in ml_ledger.declared_blocks().items() if block in filled %}
        {% set given, resolved = declared[block], filled[block] %}
        {% for name, key in keys.items() %}
            {% set path = block ~ '.' ~ name if block else name %}
            {% set value = given[name] if name in given else none %}
            {% if value is not none and not ml_ledger.is_readable(value, key) %}
                {% do unreadable.update({path: value}) %}
                {% set value = none %}
            {% endif %}
            {% set value = key['default'] if value is none else value %}
            {% if key['kind'] == 'block' and value is not none %}
                {% do declared.update({path: value}) %}
                {% do filled.update({path: {}}) %}
                {% set value = filled[path] %}
            {% elif key['kind'] == 'blocks' and value %}
                {# One that is no mapping says nothing. #}
                {% set value = dict(value.fromkeys(value, {}), **dict(value.items() | selectattr(1, 'mapping'))) %}
            {% endif %}
            {% do resolved.update({name: value}) %}
        {% endfor %}
    {% endfor %}
    {% do return(dict(spec, unreadable=unreadable)) %}
{% endmacro %}

{#
    Whether a value is one that a key may have.
    Arguments: value, as declared; key, as of `declared_blocks`.
    Returns: boolean.
#}
{% macro is_readable(value, key) %}
    {% set kind = key['kind'] %}
    {% if 'words' in key and value in key['words'] %}
        {% do return(true) %}
    {% elif kind == 'text' %}
        {% do return(value is string and value | trim != '') %}
    {% elif kind in ['number', 'whole'] %}
        {% do return(
            (value is integer or (value is float and kind == 'number' and value | string not in ['nan', 'inf', '-inf']))
            and ('at_least' not in key or value >= key['at_least']) and ('above' not in key or value > key['above'])
            and ('at_most' not in key or value <= key['at_most']) and ('below' not in key or value < key['below'])
        ) %}
    {% elif kind == 'boolean' %}
        {% do return(value is boolean) %}
    {% elif value is mapping %}
        {% do return(kind in ['block', 'blocks', 'mapping'] and not value.keys() | reject('string') | list) %}
    {% elif value is string or value is not sequence or kind not in ['texts', 'rows'] %}
        {% do return(false) %}
    {% elif kind == 'texts' %}
        {% do return(not value | reject('string') | list) %}
    {% endif %}
    {% for text in key['texts'] if value | selectattr(text, 'string') | list | length < value | length %}
        {% do return(false) %}
    {% endfor %}
    {% do return(true) %}
{% endmacro %}
