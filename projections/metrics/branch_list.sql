-- title_zh: 并联分支清单
-- title_en: Branches
-- definition_zh: 某个数字背后的并联分支：签收、到期、出具意见的时间与意见。
-- definition_en: The branches behind a figure: when each signed, when it was due, when it spoke and what it said.
-- unit: 个
-- default hall:
-- default month:
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, branch_id, receipted_at, due_at, stopped_at, opinion, outcome, used, unit
FROM ({{branches}})
WHERE multiIf(
    {set:String} = 'all', true,
    {set:String} = 'kept', is_kept,
    {set:String} = 'late', is_late,
    {set:String} = 'silent', is_silent,
    {set:String} = 'judged', is_judged,
    throwIf(true, 'no such set of branches'))
  AND ({month:String} = '' OR judged_month = {month:String})
ORDER BY due_at IS NULL, due_at, case_id, branch_id
LIMIT {limit:UInt64}
