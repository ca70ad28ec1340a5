-- title_zh: 评价存疑清单
-- title_en: Ratings to look into, the list
-- definition_zh: 存疑的评价，最近的在前；sign 为 self 或 burst，空为全部。
-- definition_en: The ratings to look into, the latest first; sign is self or burst, empty for both.
-- unit: 条
-- default hall:
-- default month:
-- default sign:
-- default count: 5
-- default limit: 1000
SELECT case_id, hall_id, window AS window_id, level, occurred_at, is_self, is_burst, fact_id
FROM ({{rating_signs}})
WHERE multiIf({sign:String} = '', true, {sign:String} = 'self', is_self,
    {sign:String} = 'burst', is_burst, throwIf(true, 'no such sign'))
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), rated_month))
ORDER BY occurred_at DESC, fact_id
LIMIT {limit:UInt64}
