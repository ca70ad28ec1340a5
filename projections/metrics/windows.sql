-- title_zh: 窗口按时办结率
-- title_en: Windows by on-time rate
-- definition_zh: 每个窗口的按时办结率及其分子、分母；口径与按时办结率相同。
-- definition_en: On-time rate of each window with numerator and denominator, counted as in the on-time rate.
-- unit: 比率
-- list kept: case_list set=kept
-- list judged: case_list set=judged
-- list overdue: case_list set=overdue
-- default hall:
-- default month:
SELECT
  hall_id,
  window_id,
  countIf(is_kept) AS kept,
  count() AS judged,
  countIf(is_overdue) AS overdue,
  kept / judged AS rate
FROM ({{cases}})
WHERE is_judged AND window_id != '' AND ({month:String} = '' OR judged_month = {month:String})
GROUP BY hall_id, window_id
ORDER BY rate DESC, judged DESC, hall_id, window_id
