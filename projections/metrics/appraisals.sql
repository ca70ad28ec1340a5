-- title_zh: 评议
-- title_en: Appraisals
-- definition_zh: 三评：群众评议、党员互评、领导点评，自评只列不计，平均级别为级别之和 ÷ 评议数；counts 为假的不计，n 为评议数，levels 为级别之和，mean_level 为平均级别，satisfied 为 4、5 级数。月份按评议时间。
-- definition_en: The three appraisals, by the people, by peers and by leaders; one of oneself is shown and does not count (counts is false). n is how many, levels the sum of their levels, mean_level levels / n, satisfied how many gave 4 or 5 of 5. The month is that of the appraisal.
-- unit: 级
-- default hall:
-- default month:
SELECT hall_id, subject_kind, subject, JSONExtractString(payload, 'source') AS source,
  source != 'self' AS counts, count() AS n,
  sum(JSONExtractUInt(payload, 'level')) AS levels, levels / n AS mean_level,
  countIf(JSONExtractUInt(payload, 'level') >= 4) AS satisfied
FROM hall_facts_now
WHERE event_type = 'AppraisalGiven' AND {hall:String} IN ('', hall_id)
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}),
    formatDateTime(occurred_at, '%Y-%m', {zone:String})))
GROUP BY hall_id, subject_kind, subject, source
ORDER BY hall_id, subject_kind, subject, source
