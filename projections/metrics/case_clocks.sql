-- title_zh: 办件的时钟
-- title_en: Clocks of a case
-- definition_zh: 一个办件的全部时钟：类别、期限、已用、应办结时刻、结果及各时段。
-- definition_en: All clocks of a case: kind, budget, consumed, due instant, outcome and the segments.
-- unit: 个
SELECT clock_id, kind, state, started_at, due_at, stopped_at, budget, unit, consumed, outcome,
  late_minutes, saved, provisional, policy_version, calendar_version, anchor_event_id, segments
FROM clocks_now
WHERE hall_id = splitByChar('/', {case:String})[1] AND case_id = {case:String}
ORDER BY started_at, kind, clock_id
