CASE WHEN "a" IS NULL THEN CAST(0.0e0 AS DOUBLE) ELSE CASE WHEN abs("a") <= CAST(1.7976931348623157e+308 AS DOUBLE) THEN CAST(0.0e0 AS DOUBLE) END END as _ml_c1_1,
CASE WHEN "plan" IS NULL THEN NULL ELSE coalesce(CASE CAST("plan" AS VARCHAR) WHEN 'free' THEN CAST(0.0e0 AS DOUBLE) WHEN 'o\'paid' THEN CAST(0.0e0 AS DOUBLE) END, CAST(0.0e0 AS DOUBLE)) END as _ml_c1_2,

CASE WHEN "a" > CAST(2.5e0 AS DOUBLE) OR "a" IS NULL THEN 3 WHEN CAST("plan" AS VARCHAR) IN ('o\'paid') THEN 2 ELSE 1 END as _ml_leaf1,
1 as _ml_leaf2,

CAST(0.5e0 AS DOUBLE) + _ml_c1_1 + _ml_c1_2 + CASE _ml_leaf1 WHEN 1 THEN CAST(0.2e0 AS DOUBLE) WHEN 2 THEN (-CAST(0.1e0 AS DOUBLE)) WHEN 3 THEN (-CAST(0.3e0 AS DOUBLE)) END + CASE _ml_leaf2 WHEN 1 THEN CAST(0.0e0 AS DOUBLE) END as _ml_link1,

case when abs(_ml_link1) <= CAST(1.7976931348623157e+308 AS DOUBLE) then _ml_link1 end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS VARCHAR) as _ml_predicted,
