-- title_zh: 今日受理
-- title_en: Accepted today
-- definition_zh: 今日（按大厅所在时区）受理的办件数；before 为上周同日全天。
-- definition_en: Cases accepted today in the hall's time zone; before is the same weekday last week, whole day.
-- unit: 件
-- list accepted: case_list set=accepted
-- list before: case_list set=accepted back=7
-- default hall:
SELECT
  countIf(was_accepted AND accepted_day = today) AS accepted,
  countIf(was_accepted AND accepted_day = today - 7) AS before
FROM ({{cases}})
