"a" * (-CAST(1e-300 AS DOUBLE)) as _ml_c1_1,
coalesce("b""c" * CAST(0.1e0 AS DOUBLE), (-CAST(0.5e0 AS DOUBLE))) as _ml_c1_2,
CASE WHEN "age" IS NULL THEN CAST(0.125e0 AS DOUBLE) ELSE CASE WHEN "age" < (-CAST(1.7976931348623157e+308 AS DOUBLE)) THEN NULL WHEN "age" < CAST(18.0e0 AS DOUBLE) THEN CAST(0.5e0 AS DOUBLE) WHEN "age" < CAST(65.0e0 AS DOUBLE) THEN "age" * (-CAST(0.25e0 AS DOUBLE)) + CAST(5.0e0 AS DOUBLE) END END as _ml_c1_3,
CASE WHEN "spent" < (-CAST(0.5e0 AS DOUBLE)) THEN NULL WHEN "spent" <= CAST(1.7976931348623157e+308 AS DOUBLE) THEN ln(CAST(1.0e0 AS DOUBLE) + "spent") * CAST(2.0e0 AS DOUBLE) END as _ml_c1_4,

(-CAST(0.1e0 AS DOUBLE)) + _ml_c1_1 + _ml_c1_2 + _ml_c1_3 + _ml_c1_4 as _ml_link1,

case when abs(_ml_link1) <= CAST(1.7976931348623157e+308 AS DOUBLE) then 1 / (1 + exp(-_ml_link1)) end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS VARCHAR) as _ml_predicted,
