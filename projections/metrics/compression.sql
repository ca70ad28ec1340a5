-- title_zh: 承诺时限压缩率
-- title_en: Compression of promised terms
-- definition_zh: 在用事项中 Σ（基数 − 承诺）÷ Σ 基数，均以工作日计；没有该基数的、承诺不以工作日计的事项另列，不参与计算。base 说明基数：statutory 法定时限、upper 上级规定时限、previous 上一版承诺。month 为该月末在用的事项。
-- definition_en: Over items in force, sum(base - promise) ÷ sum(base), in working days. base is statutory (law), upper (higher authority) or previous (promise of the version before). Items without that base, or whose promise is not in working days, stand apart. month asks for its end.
-- unit: 比率
-- list items: catalogue_list set=based
-- list without_base: catalogue_list set=unbased
-- default hall:
-- default month:
-- default base: statutory
-- default domain:
-- default class:
SELECT
  {base:String} AS base,
  countIf(is_based_term) AS items,
  count() - items AS without_base,
  ifNull(sumIf(base_days, is_based_term), 0) AS base_sum,
  ifNull(sumIf(promise, is_based_term), 0) AS promise_sum,
  toInt64(base_sum) - toInt64(promise_sum) AS cut,
  if(base_sum = 0, NULL, cut / base_sum) AS rate
FROM ({{items}})
