-- title_zh: 逐月受理与办结
-- title_en: Accepted and closed by month
-- definition_zh: 至 month 月（含）为止的 count（缺省 12）个月，每月受理、办结的申请数；没有的月份不列。
-- definition_en: Applications accepted and closed in each of count months up to and with month (12); months without any are left out.
-- unit: 件
-- default hall:
-- default count: 12
WITH toDate(concat({month:String}, '-01')) AS last
SELECT
  formatDateTime(assumeNotNull(toStartOfMonth(moment.2)) AS first_day, '%Y-%m') AS month,
  countIf(moment.1 = 'accepted') AS accepted,
  countIf(moment.1 = 'closed') AS closed
FROM (
  SELECT [
    ('accepted', if(is_application AND was_accepted, accepted_day, NULL)),
    ('closed', if(was_closed, closed_day, NULL))
  ] AS moments
  FROM ({{cases}})
)
ARRAY JOIN moments AS moment
WHERE first_day > addMonths(last, -{count:UInt16}) AND first_day <= last
GROUP BY first_day
ORDER BY first_day
