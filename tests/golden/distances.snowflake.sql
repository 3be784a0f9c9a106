coalesce(power("a" * CAST(0.5e0 AS DOUBLE) + (-CAST(1.0e0 AS DOUBLE)), 2), CAST(1.0e0 AS DOUBLE)) as _ml_c1_1,
coalesce(power("a" * CAST(0.5e0 AS DOUBLE) + CAST(1.0e0 AS DOUBLE), 2), CAST(1.0e0 AS DOUBLE)) as _ml_c2_1,

CAST(0.0e0 AS DOUBLE) + _ml_c1_1 as _ml_link1,
CAST(0.0e0 AS DOUBLE) + _ml_c2_1 as _ml_link2,

case when _ml_link1 <= CAST(1.7976931348623157e+308 AS DOUBLE) and _ml_link2 <= CAST(1.7976931348623157e+308 AS DOUBLE) then least(_ml_link1, _ml_link2) end as _ml_nearest,

case when _ml_nearest is not null then sqrt(greatest(_ml_link1, 0)) end as _ml_output1,
case when _ml_nearest is not null then sqrt(greatest(_ml_link2, 0)) end as _ml_output2,

case when _ml_link1 = _ml_nearest then _ml_link1 when _ml_link2 = _ml_nearest then _ml_link2 end as _ml_link,
case when _ml_link1 = _ml_nearest then _ml_output1 when _ml_link2 = _ml_nearest then _ml_output2 end as _ml_score,
case when _ml_link1 = _ml_nearest then '1' when _ml_link2 = _ml_nearest then '2' end as _ml_predicted,
