-- title_zh: 四个一样
-- title_en: Fairness gaps
-- definition_zh: 按忙时闲时、渠道、申请人类别、初次与再次、本单位人员与他人五个维度，各组申请的按时办结率与同一维度其余申请之差，附差的 95 % 纽科姆区间；忙时指受理量不低于各小时平均的钟点。月份口径与按时办结率相同。axis 为 hour、channel、applicant、acquaintance、own；区间不含零为 differs；minutes ÷ waits 为平均等候分钟。
-- definition_en: On-time rate of each group less that of all others on the same axis, with the 95 % Newcombe interval of the difference; differs where it leaves out nought. Axes: hour (busy, idle), channel, applicant class, acquaintance (first, repeat), own staff; minutes ÷ waits is the mean wait. The month is that of the on-time rate.
-- unit: 比率
-- list judged: fairness_list
-- list kept: fairness_list set=kept
-- default hall:
-- default month:
-- default axis:
WITH 1.959964 AS z
SELECT
  axis, group_name, kept, judged,
  kept / judged AS rate,
  rest_kept, rest_judged,
  if(rest_judged = 0, NULL, rest_kept / rest_judged) AS rest_rate,
  rate - rest_rate AS gap,
  (rate + z * z / (2 * judged) - z * sqrt(rate * (1 - rate) / judged
    + z * z / (4 * judged * judged))) / (1 + z * z / judged) AS low,
  (rate + z * z / (2 * judged) + z * sqrt(rate * (1 - rate) / judged
    + z * z / (4 * judged * judged))) / (1 + z * z / judged) AS high,
  (rest_rate + z * z / (2 * rest_judged) - z * sqrt(rest_rate * (1 - rest_rate) / rest_judged
    + z * z / (4 * rest_judged * rest_judged))) / (1 + z * z / rest_judged) AS rest_low,
  (rest_rate + z * z / (2 * rest_judged) + z * sqrt(rest_rate * (1 - rest_rate) / rest_judged
    + z * z / (4 * rest_judged * rest_judged))) / (1 + z * z / rest_judged) AS rest_high,
  gap - sqrt(pow(rate - low, 2) + pow(rest_high - rest_rate, 2)) AS gap_low,
  gap + sqrt(pow(high - rate, 2) + pow(rest_rate - rest_low, 2)) AS gap_high,
  toBool(coalesce(gap_low > 0 OR gap_high < 0, false)) AS differs,
  waits, minutes
FROM (
  SELECT
    membership.1 AS axis, membership.2 AS group_name,
    toInt64(countIf(is_kept)) AS kept,
    toInt64(count()) AS judged,
    sum(kept) OVER (PARTITION BY axis) - kept AS rest_kept,
    sum(judged) OVER (PARTITION BY axis) - judged AS rest_judged,
    sum(found.waits) AS waits,
    sum(wait_seconds) / 60 AS minutes
  FROM ({{groups}}) AS found
  ARRAY JOIN memberships AS membership
  WHERE {axis:String} = '' OR membership.1 = {axis:String}
  GROUP BY axis, group_name
)
ORDER BY indexOf(['hour', 'channel', 'applicant', 'acquaintance', 'own'], axis),
  judged DESC, group_name
