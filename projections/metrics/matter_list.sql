-- title_zh: 诉求与督办清单
-- title_en: Matters besides applications, the list
-- definition_zh: 诉求与督办事项各数背后的办件，最近收到的在前。kind 为某一类；set 可为 closed、late、overdue、open。
-- definition_en: The cases behind the figures, the latest first. kind: one kind only; set may be closed, late, overdue or open.
-- unit: 件
-- default hall:
-- default month:
-- default kind:
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, case_class AS kind, window_id, status, submitted_at, due_at, closed_at, outcome
FROM ({{cases}})
WHERE NOT is_application AND {kind:String} IN ('', case_class)
  AND multiIf(
    {set:String} = 'all', true,
    {set:String} = 'closed', is_closed,
    {set:String} = 'late', outcome = 'late',
    {set:String} = 'overdue', is_overdue AND outcome = '',
    {set:String} = 'open', is_open,
    throwIf(true, 'no such set of matters'))
  AND ({month:String} = ''
    OR has(splitByChar(',', {month:String}), formatDateTime(submitted_at, '%Y-%m', {zone:String})))
ORDER BY submitted_at DESC, case_id
LIMIT {limit:UInt64}
