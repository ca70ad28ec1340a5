-- title_zh: 差评办理
-- title_en: Reviews of bad ratings
-- definition_zh: 差评闭环：立案 opened、已联系 contacted、核实结果 valid 属实 / mistaken 误评 / malicious 恶意、已整改 rectified（其中按期 in_time）、已回访 called_back（其中满意 content）、申诉 appealed（其中成立 upheld）、结案 closed。fixed 为属实且已整改，fix_rate 为其占属实差评的整改率，callback_rate 为回访率（要求百分之百）。月份按立案时间。
-- definition_en: The loop of a bad rating: opened; contacted; found valid, mistaken or malicious; rectified (in_time of them in time); called back (content of them content); appealed (upheld of them); closed. fixed are those found valid and rectified, fix_rate their share of those found valid, callback_rate the share called back of all (all are to be). The month is that of opening.
-- unit: 件
-- list opened: review_list
-- list contacted: review_list set=contacted
-- list rectified: review_list set=rectified
-- list called_back: review_list set=called_back
-- list appealed: review_list set=appealed
-- list closed: review_list set=closed
-- default hall:
-- default month:
SELECT count() AS opened, countIf(is_contacted) AS contacted,
  countIf(verdict = 'valid') AS valid, countIf(verdict = 'mistaken') AS mistaken,
  countIf(verdict = 'malicious') AS malicious, countIf(is_rectified) AS rectified,
  countIf(is_in_time) AS in_time, countIf(is_called_back) AS called_back,
  countIf(is_content) AS content, countIf(is_appealed) AS appealed,
  countIf(decision = 'upheld') AS upheld, countIf(is_closed) AS closed,
  countIf(verdict = 'valid' AND is_rectified) AS fixed, if(valid = 0, NULL, fixed / valid) AS fix_rate,
  if(opened = 0, NULL, called_back / opened) AS callback_rate
FROM ({{reviews}})
WHERE {month:String} = '' OR has(splitByChar(',', {month:String}), opened_month)
