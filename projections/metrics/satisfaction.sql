-- title_zh: 好评率
-- title_en: Satisfaction
-- definition_zh: 已办结且已评价的办件中，评价为满意或非常满意（4、5 星）的比例；low、high 为 95 % 威尔逊区间；评价不足 minimum_n 件的不给比例。
-- definition_en: Among closed cases that were rated, the share rated 4 or 5 of 5; low and high bound the 95 % Wilson interval. Fewer than minimum_n ratings are given no rate.
-- unit: 比率
-- list satisfied: case_list set=satisfied
-- list dissatisfied: case_list set=dissatisfied
-- list rated: case_list set=rated
-- default hall:
-- default month:
-- default minimum_n: 1
WITH 1.959964 AS z
SELECT
  countIf(is_satisfied) AS satisfied,
  countIf(is_dissatisfied) AS dissatisfied,
  countIf(is_rated) AS rated,
  if(rated < greatest(1, {minimum_n:UInt32}), NULL, satisfied / rated) AS rate,
  if(rated < greatest(1, {minimum_n:UInt32}), NULL, (rate + z * z / (2 * rated)
    - z * sqrt(rate * (1 - rate) / rated + z * z / (4 * rated * rated)))
    / (1 + z * z / rated)) AS low,
  if(rated < greatest(1, {minimum_n:UInt32}), NULL, (rate + z * z / (2 * rated)
    + z * sqrt(rate * (1 - rate) / rated + z * z / (4 * rated * rated)))
    / (1 + z * z / rated)) AS high
FROM (
  SELECT * FROM ({{cases}})
  WHERE is_closed AND ({month:String} = '' OR has(splitByChar(',', {month:String}), closed_month))
)
