-- title_zh: 等候时间
-- title_en: Waiting time
-- definition_zh: 取号至叫号的分钟数：之和、平均每号（之和 ÷ 叫号数）、最长；过号的不计等候。月份按取号时间。month 可为多个月，以逗号相连。
-- definition_en: Minutes from ticket to call: sum, per ticket called (sum ÷ called), longest; tickets called in vain have no wait. The month (or months, joined by commas) is that of the ticket.
-- unit: 分钟
-- list tickets: wait_list set=all
-- list called: wait_list set=called
-- list missed: wait_list set=missed
-- default hall:
-- default month:
SELECT
  count() AS tickets,
  countIf(is_called) AS called,
  countIf(is_missed) AS missed,
  sum(seconds) / 60 AS minutes,
  if(called = 0, NULL, minutes / called) AS mean_minutes,
  if(called = 0, NULL, max(seconds) / 60) AS longest
FROM ({{waits}})
WHERE {month:String} = '' OR has(splitByChar(',', {month:String}), issued_month)
