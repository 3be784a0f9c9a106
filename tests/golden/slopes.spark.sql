`a` * (-1e-300) as _ml_c1_1,
coalesce(`b"c` * 0.1e0, (-0.5e0)) as _ml_c1_2,
CASE WHEN `age` IS NULL THEN 0.125e0 ELSE CASE WHEN `age` < (-1.7976931348623157e+308) THEN NULL WHEN `age` < 18.0e0 THEN 0.5e0 WHEN `age` < 65.0e0 THEN `age` * (-0.25e0) + 5.0e0 END END as _ml_c1_3,
CASE WHEN `spent` < (-0.5e0) THEN NULL WHEN `spent` <= 1.7976931348623157e+308 THEN ln(1.0e0 + `spent`) * 2.0e0 END as _ml_c1_4,

(-0.1e0) + _ml_c1_1 + _ml_c1_2 + _ml_c1_3 + _ml_c1_4 as _ml_link1,

case when abs(_ml_link1) <= 1.7976931348623157e+308 then 1 / (1 + exp(-_ml_link1)) end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS STRING) as _ml_predicted,
