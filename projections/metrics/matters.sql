-- title_zh: 诉求与督办事项
-- title_en: Matters besides applications
-- definition_zh: 不是申请的办件，分类计：complaint 投诉、hotline 热线工单、review 差评、opinion 意见建议、supervision 督办、rectification 限期整改、patrol 巡查、legacy 历史遗留、project 项目、publication 公示。brought 收到，closed 办结，late 超期完成，kept 按时完成（期限内做完的，待验收、待回访而未结案的也算），overdue 到期未完成；kept ÷ timed 为按时率。月份按收到时间。
-- definition_en: Cases that are no applications, by kind: complaints, hotline orders, reviews, opinions, supervision, rectification, patrols, legacy issues, projects, publications. brought in, closed, late and kept by what their term came to, also where the case waits for acceptance or a call and is not closed yet, overdue with the term over and nothing done; on time = kept ÷ timed. The month is that in which they came.
-- unit: 件
-- list brought: matter_list
-- list closed: matter_list set=closed
-- list late: matter_list set=late
-- list overdue: matter_list set=overdue
-- default hall:
-- default month:
SELECT hall_id, case_class AS kind, count() AS brought, countIf(is_closed) AS closed,
  countIf(outcome = 'late') AS late, countIf(is_overdue AND outcome = '') AS overdue,
  countIf(outcome IN ('early', 'on_time')) AS kept, kept + late + overdue AS timed
FROM ({{cases}})
WHERE NOT is_application
  AND ({month:String} = ''
    OR has(splitByChar(',', {month:String}), formatDateTime(submitted_at, '%Y-%m', {zone:String})))
GROUP BY hall_id, kind
ORDER BY hall_id, kind
