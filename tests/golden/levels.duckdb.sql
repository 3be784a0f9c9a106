CASE WHEN "city" IS NULL THEN NULL ELSE coalesce(list_extract([1.0e0, (-1.0e0)], list_position(['L''Aquila', 'Größe 東京'], CAST("city" AS TEXT))), 0.0e0) END as _ml_c1_1,

1.0e0 + _ml_c1_1 as _ml_link1,

case when abs(_ml_link1) <= 1.7976931348623157e+308 then exp(_ml_link1) end as _ml_output1,

case when _ml_output1 is not null then _ml_link1 end as _ml_link,
_ml_output1 as _ml_score,
CAST(NULL AS TEXT) as _ml_predicted,
