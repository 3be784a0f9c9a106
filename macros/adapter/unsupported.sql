{#
    Raise for a word of SQL that no one has written for this adapter yet.
    Arguments: word, the macro's name.
#}
{% macro unsupported(word) %}
    {% do exceptions.raise_compiler_error(
        "ml_ledger: the macro '" ~ word ~ "' is not written for adapter '" ~ target.type
        ~ "'. Allowed: duckdb. Fix: define " ~ target.type ~ "__" ~ word
        ~ " in your project's macros; the comment above the macro says what it must return."
    ) %}
{% endmacro %}
