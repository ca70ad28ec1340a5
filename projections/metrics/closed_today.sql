-- title_zh: 今日办结
-- title_en: Closed today
-- definition_zh: 今日（按大厅所在时区）办结的办件数，含准予、不予、退回、撤回；其中提前、超期另列。
-- definition_en: Cases that ended today in the hall's time zone, whatever the decision; early and late of them apart.
-- unit: 件
-- list closed: case_list set=closed
-- list early: case_list set=closed_early
-- list late: case_list set=closed_late
-- list before: case_list set=closed back=7
-- default hall:
SELECT
  countIf(was_closed AND closed_day = today) AS closed,
  countIf(was_closed AND closed_day = today AND is_early) AS early,
  countIf(was_closed AND closed_day = today AND is_late) AS late,
  countIf(was_closed AND closed_day = today - 7) AS before
FROM ({{cases}})
