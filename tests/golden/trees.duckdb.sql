CASE WHEN "a" IS NULL THEN 0.0e0 ELSE CASE WHEN abs("a") <= 1.7976931348623157e+308 THEN 0.0e0 END END as _ml_c1_1,
CASE WHEN "plan" IS NULL THEN NULL ELSE coalesce(list_extract([0.0e0, 0.0e0], list_position(['free', 'o''paid'], CAST("plan" AS TEXT))), 0.0e0) END as _ml_c1_2,

CASE WHEN "a" > 2.5e0 OR "a" IS NULL THEN 3 WHEN CAST("plan" AS TEXT) IN ('o''paid') THEN 2 ELSE 1 END as _ml_leaf1,
1 as _ml_leaf2,

0.5e0 + _ml_c1_1 + _ml_c1_2 + list_extract([0.2e0, (-0.1e0), (-0.3e0)], _ml_leaf1) + list_extract([0.0e0], _ml_leaf2) as _ml_link1,

case when abs(_ml_link1) <= 1.7976931348623157e+308 then _ml_link1 end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS TEXT) as _ml_predicted,
