-- title_zh: 数据存疑清单
-- title_en: Signs to look into, the list
-- definition_zh: 某类存疑信号（sign，空为全部）所指的事实，最近的在前；minutes 为工作分钟。
-- definition_en: Facts that signals of a kind (all, if empty) are about, the latest first; minutes are working minutes.
-- unit: 条
-- default hall:
-- default month:
-- default sign:
-- default limit: 1000
SELECT case_id, hall_id, window_id, item_code, sign, about_event_id, minutes, detail, at
FROM ({{signs}})
WHERE {sign:String} = '' OR sign = {sign:String}
ORDER BY at DESC, case_id, about_event_id
LIMIT {limit:UInt64}
