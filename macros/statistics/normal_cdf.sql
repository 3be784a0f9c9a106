{#
    The probability that a standard normal number is below x: to 1e-15, and in the lower tail to 1e-8 of its value.
    Source: G. West, Better approximations to cumulative normal functions, Wilmott (May 2005), after J. F. Hart et al.,
    Computer Approximations (1968), algorithm 5666.
    Arguments: x, name of a column of type double: it is written several times.
    Returns: SQL, a double; NULL for NULL.
    Example: 2 * {{ ml_ledger.normal_cdf('minus_distance') }} as p_value
#}
{% macro normal_cdf(x) -%}
{%- set numerator = [
    '3.52624965998911e-2', '7.00383064443688e-1', '6.37396220353165e0', '3.3912866078383e1', '1.12079291497871e2',
    '2.21213596169931e2', '2.20206867912376e2',
] -%}
{%- set denominator = [
    '8.83883476483184e-2', '1.75566716318264e0', '1.6064177579207e1', '8.67807322029461e1', '2.96564248779674e2',
    '6.37333633378831e2', '7.93826512519948e2', '4.40413735824752e2',
] -%}
{%- set size = 'abs(' ~ x ~ ')' -%}
(
    case when {{ x }} > 0 then 1e0 else 0e0 end
    + case when {{ x }} > 0 then -1e0 else 1e0 end
    * case
        when {{ size }} > 37 then 0e0
        when {{ size }} < 7.07106781186547e0
            then exp(-{{ x }} * {{ x }} / 2) * {{ ml_ledger.polynomial(numerator, size) }}
                / {{ ml_ledger.polynomial(denominator, size) }}
        when {{ x }} is not null
            then exp(-{{ x }} * {{ x }} / 2) / 2.506628274631e0
                / ({{ size }} + 1 / ({{ size }} + 2 / ({{ size }} + 3 / ({{ size }} + 4 / ({{ size }} + 0.65e0)))))
    end
)
{%- endmacro %}
