-- title_zh: 宣传联系
-- title_en: Outreach
-- definition_zh: 发出的便民联系卡与政策、科技资料份数。月份按发出时间。
-- definition_en: Contact cards and texts given to the public. The month is that in which they were given.
-- unit: 份
-- default hall:
-- default month:
SELECT hall_id, JSONExtractString(payload, 'kind') AS kind, count() AS occasions,
  sum(JSONExtractUInt(payload, 'count')) AS given
FROM hall_facts_now
WHERE event_type = 'OutreachDone' AND {hall:String} IN ('', hall_id)
  AND {month:String} IN ('', formatDateTime(occurred_at, '%Y-%m', {zone:String}))
GROUP BY hall_id, kind
ORDER BY hall_id, kind
