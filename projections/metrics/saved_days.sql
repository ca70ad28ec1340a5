-- title_zh: 提前天数
-- title_en: Working days saved
-- definition_zh: 有时限的办结件较应办结之日提前的整工作日之和，及平均每件（之和 ÷ 件数）。逾期的按零计。月份按办结时间。month 可为多个月，以逗号相连。
-- definition_en: Whole working days by which closed cases with a term ended before their due date, summed, and per case (sum ÷ cases). Late ones count as nought. The month (or months, joined by commas) is that of closing.
-- unit: 个工作日
-- list early: case_list set=early
-- list timed: case_list set=timed
-- default hall:
-- default month:
SELECT
  sumIf(saved_days, is_early) AS saved,
  countIf(is_early) AS early,
  countIf(is_timed) AS timed,
  if(timed = 0, NULL, saved / timed) AS mean_days
FROM ({{cases}})
WHERE is_timed
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), assumeNotNull(closed_month)))
