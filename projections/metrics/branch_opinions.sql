-- title_zh: 并联分支按时率
-- title_en: Branch opinions on time
-- definition_zh: 签收的并联分支中，期限内出具意见的 ÷（已出具意见 + 逾期未出具意见）。期限届满前并联审批已结束而未出具意见的不计。月份按出具意见时间，未出具的按到期时间。
-- definition_en: Of branches that signed, those that gave their opinion within the term ÷ (all that gave one + those silent past the term). A branch whose group ended before its term without its opinion does not count. The month is that of the opinion, for the silent that of the due date.
-- unit: 比率
-- list kept: branch_list set=kept
-- list late: branch_list set=late
-- list silent: branch_list set=silent
-- list judged: branch_list set=judged
-- default hall:
-- default month:
SELECT
  countIf(is_kept) AS kept,
  countIf(is_late) AS late,
  countIf(is_silent) AS silent,
  countIf(is_judged) AS judged,
  if(judged = 0, NULL, kept / judged) AS rate
FROM ({{branches}})
WHERE {month:String} = '' OR judged_month = {month:String}
