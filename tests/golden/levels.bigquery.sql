CASE WHEN `city` IS NULL THEN NULL ELSE coalesce(CASE CAST(`city` AS STRING) WHEN 'L\'Aquila' THEN CAST(1.0e0 AS FLOAT64) WHEN 'Größe 東京' THEN (-CAST(1.0e0 AS FLOAT64)) END, CAST(0.0e0 AS FLOAT64)) END as _ml_c1_1,

CAST(1.0e0 AS FLOAT64) + _ml_c1_1 as _ml_link1,

case when abs(_ml_link1) <= CAST(1.7976931348623157e+308 AS FLOAT64) then exp(_ml_link1) end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS STRING) as _ml_predicted,
