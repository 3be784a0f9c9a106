{#
    The probability that a standard normal number is below x: to 1e-15, and in the lower tail to 1e-8 of its value.
    Source: G. West, Better approximations to cumulative normal functions, Wilmott (May 2005), after J. F. Hart et al.,
    Computer Approximations (1968), algorithm 5666.
    Arguments: relation, name of one; x, its column of type double.
    Returns: SQL, a select of all columns of the relation and `probability`, NULL for NULL.
    Example: {{ ml_ledger.normal_cdf('tails', 'minus_distance') }}
#}
{% macro normal_cdf(relation, x) -%}
{%- set numerator = [
    '3.52624965998911e-2', '7.00383064443688e-1', '6.37396220353165e0', '3.3912866078383e1', '1.12079291497871e2',
    '2.21213596169931e2', '2.20206867912376e2',
] -%}
{%- set denominator = [
    '8.83883476483184e-2', '1.75566716318264e0', '1.6064177579207e1', '8.67807322029461e1', '2.96564248779674e2',
    '6.37333633378831e2', '7.93826512519948e2', '4.40413735824752e2',
] -%}
select
    *,
    case when {{ x }} > 0 then 1e0 else 0e0 end
    + case when {{ x }} > 0 then -1e0 else 1e0 end
    * case
        when _ml_size > 37 then 0e0
        when _ml_size < 7.07106781186547e0
            then
                exp(-_ml_size * _ml_size / 2)
                * {{ ml_ledger.polynomial(numerator, '_ml_size') | indent(16) }}
                / {{ ml_ledger.polynomial(denominator, '_ml_size') | indent(16) }}
        else
            exp(-_ml_size * _ml_size / 2) / 2.506628274631e0
            / (_ml_size + 1 / (_ml_size + 2 / (_ml_size + 3 / (_ml_size + 4 / (_ml_size + 0.65e0)))))
    end as probability
from (
    select
        *,
        abs({{ x }}) as _ml_size
    from {{ relation }}
) as sized
{%- endmacro %}
