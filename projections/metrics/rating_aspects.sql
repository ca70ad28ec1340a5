-- title_zh: 评价分项
-- title_en: Ratings by aspect and channel
-- definition_zh: 群众评价按维度与渠道、全部评价按来源分列：评价数、级别之和、满意数（4、5 级），平均级别为级别之和 ÷ 评价数，满意率为满意数 ÷ 评价数。axis 为 all（群众评价合计）、aspect（维度：效率、业务、态度、指引、便捷）、channel（渠道）、source（来源：群众、互评、领导、自评，后三者只列不计入前几项）；low、high 为 95 % 威尔逊区间；评价不足 minimum_n 的不给比例。核实为误评、恶意或申诉成立的评价不计。一件多次评价的逐次计算。月份按评价时间。
-- definition_en: Citizens' ratings by aspect and channel, all ratings by source: how many, the sum of levels and how many gave 4 or 5 of 5; mean_level is the sum of levels ÷ n, rate is satisfied ÷ n. axis is all (citizens together), aspect (efficiency, skill, attitude, guide, convenience), channel, or source (mass, peer, leader, self; only mass counts in the other axes); low and high bound the 95 % Wilson interval. Below minimum_n no rate is given. A rating found mistaken or malicious, or an objection against which was upheld, does not count; each rating of a case does. The month is that of the rating.
-- unit: 级
-- list n: rating_aspect_list
-- list satisfied: rating_aspect_list set=satisfied
-- default hall:
-- default month:
-- default minimum_n: 1
WITH 1.959964 AS z
SELECT
  axis, group_name,
  count() AS n,
  sum(level) AS levels,
  levels / n AS mean_level,
  countIf(is_content) AS satisfied,
  if(n < {minimum_n:UInt32}, NULL, satisfied / n) AS rate,
  greatest(0, (rate + z * z / (2 * n) - z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    / (1 + z * z / n)) AS low,
  least(1, (rate + z * z / (2 * n) + z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    / (1 + z * z / n)) AS high
FROM ({{aspects}})
WHERE {month:String} = '' OR has(splitByChar(',', {month:String}), rated_month)
GROUP BY axis, group_name
ORDER BY indexOf(['all', 'aspect', 'channel', 'source'], axis), n DESC, group_name
