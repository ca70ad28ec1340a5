-- title_zh: 办件经过
-- title_en: What happened to a case
-- definition_zh: 一个办件的全部事实与时钟变化，按发生时间排列；recorded_at 明显晚于 occurred_at 的为补记。
-- definition_en: All facts of a case and what its clocks did, in order of occurrence; recorded_at well after occurred_at means keyed in afterwards.
-- unit: 条
SELECT * FROM (
  SELECT occurred_at, recorded_at, 'fact' AS source, event_type, actor_role, actor_id, org_id, window_id,
    channel, '' AS clock_kind, '' AS level, note, payload, toString(event_id) AS event_id,
    corrects_event_id, historical, kafka_offset
  FROM events_now
  WHERE hall_id = splitByChar('/', {case:String})[1] AND case_id = {case:String}
  UNION ALL
  SELECT occurred_at, recorded_at, 'clock', event_type, '', '', '', window_id,
    '', clock_kind, level, '', payload, toString(event_id), '', historical, kafka_offset
  FROM sla_events_now
  WHERE hall_id = splitByChar('/', {case:String})[1] AND case_id = {case:String}
)
ORDER BY occurred_at, source DESC, recorded_at, kafka_offset, event_id
