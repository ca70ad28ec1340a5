-- title_zh: 考勤
-- title_en: Attendance
-- definition_zh: 每个对象缺勤、迟到、早退、请假的次数与半天数。月份按发生时间。
-- definition_en: How often each subject was absent, late, gone early or on leave, and for how many half-days. The month is that in which it happened.
-- unit: 次
-- default hall:
-- default month:
SELECT hall_id, subject_kind, subject, JSONExtractString(payload, 'kind') AS kind,
  count() AS times, sum(JSONExtractFloat(payload, 'half_days')) AS half_days
FROM hall_facts_now
WHERE event_type = 'AttendanceExcepted' AND {hall:String} IN ('', hall_id)
  AND {month:String} IN ('', formatDateTime(occurred_at, '%Y-%m', {zone:String}))
GROUP BY hall_id, subject_kind, subject, kind
ORDER BY hall_id, subject_kind, subject, kind
