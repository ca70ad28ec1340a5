-- title_zh: 检查
-- title_en: Inspections
-- definition_zh: 检查按两轴计：命题、定期、不定期，明察、暗访；由谁检查；次数与发现的问题数。月份按检查时间。
-- definition_en: Inspections on two axes, planned as themed, periodic or unscheduled, and open or covert; by whom; how many, and what they found. The month is that of the inspection.
-- unit: 次
-- default hall:
-- default month:
SELECT hall_id, JSONExtractString(payload, 'plan') AS plan,
  JSONExtractString(payload, 'manner') AS manner, JSONExtractString(payload, 'by') AS inspector,
  count() AS inspections, sum(JSONExtractUInt(payload, 'findings')) AS findings
FROM hall_facts_now
WHERE event_type = 'InspectionDone' AND {hall:String} IN ('', hall_id)
  AND {month:String} IN ('', formatDateTime(occurred_at, '%Y-%m', {zone:String}))
GROUP BY hall_id, plan, manner, inspector
ORDER BY hall_id, plan, manner, inspector
