-- title_zh: 活动
-- title_en: Activities
-- definition_zh: 培训、竞赛、会议、学习、志愿服务：事项数、次数与人次。月份按举行时间。
-- definition_en: Training, contests, meetings, study and volunteering: how many were recorded, their sessions and the heads over all sessions. The month is that in which they were held.
-- unit: 次
-- default hall:
-- default month:
SELECT hall_id, JSONExtractString(payload, 'kind') AS kind, count() AS activities,
  sum(JSONExtractUInt(payload, 'sessions')) AS sessions,
  sum(JSONExtractUInt(payload, 'headcount')) AS headcount,
  uniqExactIf(JSONExtractString(payload, 'team'), JSONExtractString(payload, 'team') != '') AS teams
FROM hall_facts_now
WHERE event_type = 'ActivityHeld' AND {hall:String} IN ('', hall_id)
  AND {month:String} IN ('', formatDateTime(occurred_at, '%Y-%m', {zone:String}))
GROUP BY hall_id, kind
ORDER BY hall_id, kind
