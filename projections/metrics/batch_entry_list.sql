-- title_zh: 跨办件集中补录清单
-- title_en: Batch entry across cases, the list
-- definition_zh: 集中补录的各批次中的每条事实，最近录入的在前。
-- definition_en: Every fact of the batches, the latest recorded first.
-- unit: 条
-- default hall:
-- default month:
-- default cases: 3
-- default hours: 24
-- default limit: 1000
SELECT case_id, hall_id, actor_id, window_id, event_type, toString(event_id) AS fact_id,
  occurred_at, recorded_at
FROM ({{batches}})
ORDER BY minute DESC, hall_id, actor_id, occurred_at, fact_id
LIMIT {limit:UInt64}
