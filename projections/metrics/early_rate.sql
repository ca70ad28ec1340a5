-- title_zh: 提前办结率
-- title_en: Early rate
-- definition_zh: 提前办结 ÷ 有时限的办结件。月份按办结时间。month 可为多个月，以逗号相连。
-- definition_en: Closed early ÷ closed cases that had a term. The month (or months, joined by commas) is that of closing.
-- unit: 比率
-- list early: case_list set=early
-- list timed: case_list set=timed
-- default hall:
-- default month:
SELECT
  countIf(is_early) AS early,
  countIf(is_timed) AS timed,
  if(timed = 0, NULL, early / timed) AS rate
FROM ({{cases}})
WHERE is_timed
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), assumeNotNull(closed_month)))
