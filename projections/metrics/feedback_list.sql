-- title_zh: 反馈清单
-- title_en: Cards and call-backs
-- definition_zh: 满意率背后的反馈卡与回访，最近的在前；source 为 card、callback 或 all。
-- definition_en: The cards and call-backs behind the rate, the latest first; source is card, callback or all.
-- unit: 条
-- default hall:
-- default month:
-- default source: all
-- default set: all
-- default limit: 1000
SELECT about_case AS case_id, hall_id, said.source AS source, is_content, occurred_at, fact_id
FROM ({{voices}}) AS said
WHERE ({source:String} = 'all' OR said.source = {source:String})
  AND multiIf({set:String} = 'all', true, {set:String} = 'satisfied', is_content,
    throwIf(true, 'no such set of answers'))
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), said_month))
ORDER BY occurred_at DESC, fact_id
LIMIT {limit:UInt64}
