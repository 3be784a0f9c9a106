`a` * (-CAST(1e-300 AS FLOAT64)) as _ml_c1_1,
coalesce(`b"c` * CAST(0.1e0 AS FLOAT64), (-CAST(0.5e0 AS FLOAT64))) as _ml_c1_2,
CASE WHEN `age` IS NULL THEN CAST(0.125e0 AS FLOAT64) ELSE CASE WHEN `age` < (-CAST(1.7976931348623157e+308 AS FLOAT64)) THEN NULL WHEN `age` < CAST(18.0e0 AS FLOAT64) THEN CAST(0.5e0 AS FLOAT64) WHEN `age` < CAST(65.0e0 AS FLOAT64) THEN `age` * (-CAST(0.25e0 AS FLOAT64)) + CAST(5.0e0 AS FLOAT64) END END as _ml_c1_3,
CASE WHEN `spent` < (-CAST(0.5e0 AS FLOAT64)) THEN NULL WHEN `spent` <= CAST(1.7976931348623157e+308 AS FLOAT64) THEN ln(CAST(1.0e0 AS FLOAT64) + `spent`) * CAST(2.0e0 AS FLOAT64) END as _ml_c1_4,

(-CAST(0.1e0 AS FLOAT64)) + _ml_c1_1 + _ml_c1_2 + _ml_c1_3 + _ml_c1_4 as _ml_link1,

case when abs(_ml_link1) <= CAST(1.7976931348623157e+308 AS FLOAT64) then 1 / (1 + exp(-_ml_link1)) end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS STRING) as _ml_predicted,
