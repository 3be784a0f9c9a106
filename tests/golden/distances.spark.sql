coalesce(power(`a` * 0.5e0 + (-1.0e0), 2), 1.0e0) as _ml_c1_1,
coalesce(power(`a` * 0.5e0 + 1.0e0, 2), 1.0e0) as _ml_c2_1,

0.0e0 + _ml_c1_1 as _ml_link1,
0.0e0 + _ml_c2_1 as _ml_link2,

case when _ml_link1 <= 1.7976931348623157e+308 and _ml_link2 <= 1.7976931348623157e+308 then least(_ml_link1, _ml_link2) end as _ml_nearest,

case when _ml_nearest is not null then sqrt(greatest(_ml_link1, 0)) end as _ml_output1,
case when _ml_nearest is not null then sqrt(greatest(_ml_link2, 0)) end as _ml_output2,

case when _ml_link1 = _ml_nearest then _ml_link1 when _ml_link2 = _ml_nearest then _ml_link2 end as _ml_link,
case when _ml_link1 = _ml_nearest then _ml_output1 when _ml_link2 = _ml_nearest then _ml_output2 end as _ml_score,
case when _ml_link1 = _ml_nearest then '1' when _ml_link2 = _ml_nearest then '2' end as _ml_predicted,
