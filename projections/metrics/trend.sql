-- title_zh: 受理与办结趋势
-- title_en: Accepted and closed by day
-- definition_zh: 至今日为止每天（按大厅所在时区）受理与办结的办件数，无办件的日子为零。
-- definition_en: Cases accepted and closed on each day up to today in the hall's time zone; days without any are zero.
-- unit: 件
-- list accepted: case_list set=accepted
-- list closed: case_list set=closed
-- default hall:
-- default days: 28
SELECT
  assumeNotNull(moment.2) AS day,
  countIf(moment.1 = 'accepted') AS accepted,
  countIf(moment.1 = 'closed') AS closed
FROM (
  SELECT today, [
    ('accepted', if(was_accepted, accepted_day, NULL)),
    ('closed', if(was_closed, closed_day, NULL))
  ] AS moments
  FROM ({{cases}})
)
ARRAY JOIN moments AS moment
WHERE moment.2 BETWEEN today - {days:UInt16} + 1 AND today
GROUP BY day
ORDER BY day WITH FILL
  FROM toDate({now:DateTime64(3)}, {zone:String}) - {days:UInt16} + 1
  TO toDate({now:DateTime64(3)}, {zone:String}) + 1
