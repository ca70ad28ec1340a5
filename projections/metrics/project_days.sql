-- title_zh: 项目平均工作日
-- title_en: Working days of a project
-- definition_zh: 已办结项目自建档至办结所用工作日的平均数（n 为项目数），以及超过规定天数（term，缺省 40）的比例。月份按办结时间；在办项目另列。
-- definition_en: Mean of the working days from opening to closing over closed projects (n of them), and the share that took more than term days (40 unless said). The month is that of closing; open projects apart.
-- unit: 个工作日
-- list n: project_list set=closed
-- list over: project_list set=over
-- list open: project_list set=open
-- default hall:
-- default month:
-- default term: 40
SELECT
  countIf(is_closed AND in_month) AS n,
  if(n = 0, NULL, sumIf(days, is_closed AND in_month) / n) AS mean_days,
  countIf(is_over AND in_month) AS over,
  if(n = 0, NULL, over / n) AS over_rate,
  countIf(NOT is_closed AND {month:String} = '') AS open
FROM (
  SELECT *, {month:String} = '' OR closed_month = {month:String} AS in_month FROM ({{projects}})
)
