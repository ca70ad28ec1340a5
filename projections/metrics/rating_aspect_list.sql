-- title_zh: 评价分项清单
-- title_en: Ratings of an aspect or channel
-- definition_zh: 评价分项背后的各次评价，最近的在前；axis 与 group_name 指明维度、渠道或来源，level 为该项的级别。
-- definition_en: The ratings behind a row of ratings by aspect, the latest first; axis and group_name say which row, level is the level given there.
-- unit: 条
-- default hall:
-- default month:
-- default axis: all
-- default group_name:
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, level, occurred_at, fact_id
FROM ({{aspects}}) AS given
WHERE given.axis = {axis:String} AND given.group_name = {group_name:String}
  AND multiIf({set:String} = 'all', true, {set:String} = 'satisfied', is_content,
    throwIf(true, 'no such set of ratings'))
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), rated_month))
ORDER BY occurred_at DESC, fact_id
LIMIT {limit:UInt64}
