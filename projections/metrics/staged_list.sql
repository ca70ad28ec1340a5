-- title_zh: 阶段性许可清单
-- title_en: Staged permits
-- definition_zh: 某个数字背后的阶段性许可：阶段、批准时间、整体决定时间、提前的工作日。
-- definition_en: The staged permits behind a figure: stage, when granted, when the whole was decided, working days gained.
-- unit: 个
-- default hall:
-- default month:
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, stage, granted_at, decided_at, saved_days
FROM ({{staged}})
WHERE multiIf(
    {set:String} = 'all', true,
    {set:String} = 'decided', is_decided,
    {set:String} = 'waiting', is_open,
    throwIf(true, 'no such set of staged permits'))
  AND ({month:String} = '' OR granted_month = {month:String})
ORDER BY granted_at, case_id, stage
LIMIT {limit:UInt64}
