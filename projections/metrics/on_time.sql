-- title_zh: 按时办结率
-- title_en: On-time rate
-- definition_zh: 按时办结 ÷（办结 + 超期未结）。未设时限的办件和非申请事项（项目、投诉、巡查等）不计入。月份按办结时间，未结的按应办结时间。
-- definition_en: Closed on time ÷ (closed + open and overdue). Cases without a due date, and those that are no applications (projects, complaints, patrols), do not count. The month is that of closing, for open cases that of the due date.
-- unit: 比率
-- list kept: case_list set=kept
-- list judged: case_list set=judged
-- default hall:
-- default month:
SELECT
  countIf(is_kept AND in_month) AS kept,
  countIf(is_judged AND in_month) AS judged,
  if(judged = 0, NULL, kept / judged) AS rate
FROM (SELECT *, {month:String} = '' OR judged_month = {month:String} AS in_month FROM ({{cases}}))
