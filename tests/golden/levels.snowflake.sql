CASE WHEN "city" IS NULL THEN NULL ELSE coalesce(CASE CAST("city" AS VARCHAR) WHEN 'L\'Aquila' THEN CAST(1.0e0 AS DOUBLE) WHEN 'Größe 東京' THEN (-CAST(1.0e0 AS DOUBLE)) END, CAST(0.0e0 AS DOUBLE)) END as _ml_c1_1,

CAST(1.0e0 AS DOUBLE) + _ml_c1_1 as _ml_link1,

case when abs(_ml_link1) <= CAST(1.7976931348623157e+308 AS DOUBLE) then exp(_ml_link1) end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS VARCHAR) as _ml_predicted,
