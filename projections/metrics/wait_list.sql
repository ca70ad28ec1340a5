-- title_zh: 排队清单
-- title_en: Queue tickets
-- definition_zh: 某个数字背后的排队号，等候最久的在前。
-- definition_en: The tickets behind a figure, the longest wait first.
-- unit: 个
-- default hall:
-- default month:
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, ticket_no, queue, issued_at, called_at, seconds / 60 AS minutes, is_missed
FROM ({{waits}})
WHERE multiIf(
    {set:String} = 'all', true,
    {set:String} = 'called', is_called,
    {set:String} = 'missed', is_missed,
    throwIf(true, 'no such set of tickets'))
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), issued_month))
ORDER BY seconds DESC, issued_at, case_id, ticket_no
LIMIT {limit:UInt64}
