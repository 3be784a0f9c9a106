"a" * CAST(1.0e0 AS DOUBLE PRECISION) as _ml_c1_1,
"a" * (-CAST(1.0e0 AS DOUBLE PRECISION)) as _ml_c2_1,

CAST(1.0e0 AS DOUBLE PRECISION) + _ml_c1_1 as _ml_link1,
(-CAST(1.0e0 AS DOUBLE PRECISION)) + _ml_c2_1 as _ml_link2,

case when abs(_ml_link1) <= CAST(1.7976931348623157e+308 AS DOUBLE PRECISION) and abs(_ml_link2) <= CAST(1.7976931348623157e+308 AS DOUBLE PRECISION) then greatest(_ml_link1, _ml_link2) end as _ml_highest,

exp(_ml_link1 - _ml_highest) as _ml_odds1,
exp(_ml_link2 - _ml_highest) as _ml_odds2,

_ml_odds1 + _ml_odds2 as _ml_odds,

_ml_odds1 / _ml_odds as _ml_output1,
_ml_odds2 / _ml_odds as _ml_output2,

case when _ml_link1 = _ml_highest then _ml_link1 when _ml_link2 = _ml_highest then _ml_link2 end as _ml_link,
case when _ml_link1 = _ml_highest then _ml_output1 when _ml_link2 = _ml_highest then _ml_output2 end as _ml_score,
case when _ml_link1 = _ml_highest then 'red' when _ml_link2 = _ml_highest then 'o''range' end as _ml_predicted,
