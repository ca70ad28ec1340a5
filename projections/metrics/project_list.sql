-- title_zh: 项目清单
-- title_en: Projects
-- definition_zh: 某个数字背后的项目：建档、办结、所用工作日、所含办件数。
-- definition_en: The projects behind a figure: opened, closed, working days used, how many cases each has.
-- unit: 个
-- default hall:
-- default month:
-- default term: 40
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, project_id, name, opened_at, closed_at, days, cases
FROM ({{projects}})
WHERE multiIf(
    {set:String} = 'all', true,
    {set:String} = 'open', NOT is_closed,
    {set:String} = 'closed', is_closed,
    {set:String} = 'over', is_over,
    throwIf(true, 'no such set of projects'))
  AND ({month:String} = '' OR closed_month = {month:String})
ORDER BY opened_at, case_id
LIMIT {limit:UInt64}
