-- title_zh: 超期未结
-- title_en: Open and overdue
-- definition_zh: 已过应办结时刻而尚未办结的办件数，其中已发红牌预警的另列；oldest_due 为最早的应办结时刻。
-- definition_en: Cases past their due instant and not closed, those with a red signal apart; oldest_due is the earliest due instant among them.
-- unit: 件
-- list overdue: case_list set=overdue
-- list red: case_list set=overdue_red
-- default hall:
SELECT
  countIf(is_overdue) AS overdue,
  countIf(is_overdue AND signal = 'red') AS red,
  if(overdue = 0, NULL, minIf(due_at, is_overdue)) AS oldest_due
FROM ({{cases}})
