-- title_zh: 反馈卡与电话回访满意率
-- title_en: Satisfaction by card and call
-- definition_zh: 客户意见反馈卡（满意为 4、5 级）与电话回访（接通且表态的）中满意的比例，分来源列出，合计为之和 ÷ 之和。月份按反馈时间。source 为 card、callback 或 all；low、high 为 95 % 威尔逊区间；样本不足 minimum_n 的不给比例。
-- definition_en: Share satisfied on feedback cards (4 and 5 of 5) and in call-backs (reached, and said so), by source and together (all: sum ÷ sum); low and high bound the 95 % Wilson interval. Below minimum_n no rate is given. The month is that of the answer.
-- unit: 比率
-- list n: feedback_list
-- list satisfied: feedback_list set=satisfied
-- default hall:
-- default month:
-- default minimum_n: 1
WITH 1.959964 AS z
SELECT
  source,
  countIf(is_content) AS satisfied,
  count() AS n,
  if(n < {minimum_n:UInt32}, NULL, satisfied / n) AS rate,
  greatest(0, (rate + z * z / (2 * n) - z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    / (1 + z * z / n)) AS low,
  least(1, (rate + z * z / (2 * n) + z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    / (1 + z * z / n)) AS high
FROM ({{voices}}) AS said
ARRAY JOIN [said.source, 'all'] AS source
WHERE {month:String} = '' OR has(splitByChar(',', {month:String}), said_month)
GROUP BY source
ORDER BY source = 'all', source DESC
