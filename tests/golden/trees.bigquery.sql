CASE WHEN `a` IS NULL THEN CAST(0.0e0 AS FLOAT64) ELSE CASE WHEN abs(`a`) <= CAST(1.7976931348623157e+308 AS FLOAT64) THEN CAST(0.0e0 AS FLOAT64) END END as _ml_c1_1,
CASE WHEN `plan` IS NULL THEN NULL ELSE coalesce(CASE CAST(`plan` AS STRING) WHEN 'free' THEN CAST(0.0e0 AS FLOAT64) WHEN 'o\'paid' THEN CAST(0.0e0 AS FLOAT64) END, CAST(0.0e0 AS FLOAT64)) END as _ml_c1_2,

CASE WHEN `a` > CAST(2.5e0 AS FLOAT64) OR `a` IS NULL THEN 3 WHEN CAST(`plan` AS STRING) IN ('o\'paid') THEN 2 ELSE 1 END as _ml_leaf1,
1 as _ml_leaf2,

CAST(0.5e0 AS FLOAT64) + _ml_c1_1 + _ml_c1_2 + CASE _ml_leaf1 WHEN 1 THEN CAST(0.2e0 AS FLOAT64) WHEN 2 THEN (-CAST(0.1e0 AS FLOAT64)) WHEN 3 THEN (-CAST(0.3e0 AS FLOAT64)) END + CASE _ml_leaf2 WHEN 1 THEN CAST(0.0e0 AS FLOAT64) END as _ml_link1,

case when abs(_ml_link1) <= CAST(1.7976931348623157e+308 AS FLOAT64) then _ml_link1 end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS STRING) as _ml_predicted,
