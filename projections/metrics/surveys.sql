-- title_zh: 满意度调查
-- title_en: Surveys
-- definition_zh: 每个对象的满意度调查：回收数之和、满意数之和与满意率（满意数之和 ÷ 回收数之和）。月份按结束时间。
-- definition_en: Surveys of each subject: how many answered and how many of them were satisfied, over all surveys, and the share (sum ÷ sum). The month is that in which the survey ended.
-- unit: 比率
-- default hall:
-- default month:
SELECT hall_id, subject_kind, subject, count() AS surveys,
  sum(JSONExtractUInt(payload, 'n')) AS answered,
  sum(JSONExtractUInt(payload, 'satisfied')) AS satisfied,
  if(answered = 0, NULL, satisfied / answered) AS rate
FROM hall_facts_now
WHERE event_type = 'SurveyClosed' AND {hall:String} IN ('', hall_id)
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}),
    formatDateTime(occurred_at, '%Y-%m', {zone:String})))
GROUP BY hall_id, subject_kind, subject
ORDER BY hall_id, subject_kind, subject
