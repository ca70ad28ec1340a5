-- title_zh: 同比与环比
-- title_en: Change over last period and last year
-- definition_zh: 期内受理、办结、按时办结与应计办结的件数，及上一期、上年同期；环比 = 本期 ÷ 上一期 − 1，同比 = 本期 ÷ 上年同期 − 1。period 写作 2026-09、2026-Q3、2026-H1 或 2026。
-- definition_en: Cases accepted, closed, kept and judged in a period, in the one before and in that of last year; mom = value ÷ previous - 1, yoy = value ÷ year ago - 1. period is 2026-09, 2026-Q3, 2026-H1 or 2026.
-- unit: 件
-- default hall:
WITH
  (SELECT throwIf(NOT match({period:String},
    '^[0-9][0-9][0-9][0-9](-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?$'),
    'period is 2026-09, 2026-Q3, 2026-H1 or 2026')) AS is_refused,
  multiIf(length({period:String}) = 4, 12, substring({period:String}, 6, 1) = 'H', 6,
    substring({period:String}, 6, 1) = 'Q', 3, 1) AS months,
  toUInt8OrZero(if(months IN (3, 6), substring({period:String}, 7, 1), '1')) AS nth,
  toDateOrZero(concat(substring({period:String}, 1, 4), '-',
    if(months = 1, substring({period:String}, 6, 2), '01'), '-01')) AS start,
  if(months IN (3, 6), addMonths(start, months * (nth - 1)), start) AS first_day
SELECT
  moment.1 AS figure,
  countIf(moment.2 >= first_day AND moment.2 < addMonths(first_day, months)) AS value,
  countIf(moment.2 >= addMonths(first_day, -months) AND moment.2 < first_day) AS previous,
  countIf(moment.2 >= addMonths(first_day, -12)
    AND moment.2 < addMonths(first_day, months - 12)) AS year_ago,
  if(previous = 0, NULL, value / previous - 1) AS mom,
  if(year_ago = 0, NULL, value / year_ago - 1) AS yoy
FROM (
  SELECT [
    ('accepted', if(is_application AND was_accepted, accepted_day, NULL)),
    ('closed', if(was_closed, closed_day, NULL)),
    ('kept', if(is_kept, closed_day, NULL)),
    ('judged', if(is_judged, toDate(coalesce(closed_at, due_at), {zone:String}), NULL))
  ] AS moments
  FROM ({{cases}})
)
ARRAY JOIN moments AS moment
WHERE NOT is_refused
GROUP BY figure
ORDER BY indexOf(['accepted', 'closed', 'kept', 'judged'], figure)
