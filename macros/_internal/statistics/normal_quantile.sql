{#
    The number below which a standard normal number lies with probability p, to 1e-14 of its value.
    Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988), 477-484, without its branch for the far
    tails.
    Arguments: relation, name of one; p, its column of type double, 1e-10 to 1 - 1e-10.
    Returns: SQL, a select of all columns of the relation and `quantile`, NULL for NULL and for any other p.
    Example: {{ ml_ledger.normal_quantile('settings', 'power') }}
#}
{% macro normal_quantile(relation, p) -%}
{%- set central_numerator = [
    '2.5090809287301226727e3', '3.3430575583588128105e4', '6.7265770927008700853e4', '4.5921953931549871457e4',
    '1.3731693765509461125e4', '1.9715909503065514427e3', '1.3314166789178437745e2', '3.3871328727963666080e0',
] -%}
{%- set central_denominator = [
    '5.2264952788528545610e3', '2.8729085735721942674e4', '3.9307895800092710610e4', '2.1213794301586595867e4',
    '5.3941960214247511077e3', '6.8718700749205790830e2', '4.2313330701600911252e1', '1e0',
] -%}
{%- set tail_numerator = [
    '7.74545014278341407640e-4', '2.27238449892691845833e-2', '2.41780725177450611770e-1', '1.27045825245236838258e0',
    '3.64784832476320460504e0', '5.76949722146069140550e0', '4.63033784615654529590e0', '1.42343711074968357734e0',
] -%}
{%- set tail_denominator = [
    '1.05075007164441684324e-9', '5.47593808499534494600e-4', '1.51986665636164571966e-2', '1.48103976427480074590e-1',
    '6.89767334985100004550e-1', '1.67638483018380384940e0', '2.05319162663775882187e0', '1e0',
] -%}
select
    *,
    case
        when abs(_ml_centre) <= 0.425e0
            then
                _ml_centre
                * {{ ml_ledger.polynomial(central_numerator, '_ml_from_centre') | indent(16) }}
                / {{ ml_ledger.polynomial(central_denominator, '_ml_from_centre') | indent(16) }}
        else
            case when _ml_centre < 0 then -1 else 1 end
            * {{ ml_ledger.polynomial(tail_numerator, '_ml_tail') | indent(12) }}
            / {{ ml_ledger.polynomial(tail_denominator, '_ml_tail') | indent(12) }}
    end as quantile
from (
    select
        *,
        {{ p }} - 0.5e0 as _ml_centre,
        0.180625e0 - ({{ p }} - 0.5e0) * ({{ p }} - 0.5e0) as _ml_from_centre,
        case
            when {{ p }} >= 1e-10 and {{ p }} <= 1 - 1e-10
                then sqrt(-ln(case when {{ p }} < 0.5e0 then {{ p }} else 1 - {{ p }} end)) - 1.6e0
        end as _ml_tail
    from {{ relation }}
) as centred
{%- endmacro %}
