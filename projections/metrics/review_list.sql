-- title_zh: 差评清单
-- title_en: Reviews of bad ratings, the list
-- definition_zh: 差评办理各数背后的差评，一件一行，最近的在前；about_case、about_window 为被评的办件和窗口，verdict 为核实结果，decision 为申诉复核结果。set 可为 contacted、rectified、called_back、appealed、closed、open。
-- definition_en: The reviews behind the figures, one a row, the latest first: which case and window were rated, what was found, what an appeal came to. set may be contacted, rectified, called_back, appealed, closed or open.
-- unit: 件
-- default hall:
-- default month:
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, opened_at, about_case, about_window, verdict, decision, is_contacted,
  is_rectified, is_in_time, is_called_back, is_content, is_appealed, is_closed
FROM ({{reviews}})
WHERE multiIf(
    {set:String} = 'all', true,
    {set:String} = 'contacted', is_contacted,
    {set:String} = 'rectified', is_rectified,
    {set:String} = 'called_back', is_called_back,
    {set:String} = 'appealed', is_appealed,
    {set:String} = 'closed', is_closed,
    {set:String} = 'open', NOT is_closed,
    throwIf(true, 'no such set of reviews'))
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), opened_month))
ORDER BY opened_at DESC, case_id
LIMIT {limit:UInt64}
