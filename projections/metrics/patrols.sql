-- title_zh: 四方巡查轮次
-- title_en: Patrol turns
-- definition_zh: 各巡查方完成的巡查轮次及其报告的问题数。月份按完成时间。
-- definition_en: Patrol turns done by each of the four parties and the findings they told of. The month is that of the turn.
-- unit: 次
-- default hall:
-- default month:
SELECT
  JSONExtractString(payload, 'party') AS party,
  count() AS turns,
  sum(JSONExtractUInt(payload, 'findings')) AS findings
FROM ({{facts}})
WHERE event_type = 'PatrolDone'
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}),
    formatDateTime(occurred_at, '%Y-%m', {zone:String})))
GROUP BY party
ORDER BY turns DESC, party
