-- title_zh: 评比
-- title_en: Ranking
-- definition_zh: 一个计分办法一期内各对象的得分（基础分、得分和各项合计，在上下限之内）与名次；同分同名次；计分次数 n 不足 minimum_n 的不参评（place 为 0），没有有效计分的不列。sides 含 top（前几名）、bottom（后几名，不与前几名重复）、flag（红旗）。这是随时的得分；已公布的名次见 rankings_now。
-- definition_en: Score of everybody in a period of a score policy (base, points and axes within the limits) and the place; ties share a place; fewer than minimum_n postings have none (place 0), and who has no point that stands is left out. sides holds top or bottom, never both, and flag. These are live scores; published places are in rankings_now.
-- unit: 分
-- default hall:
-- default policy: window-month
-- default minimum_n: 1
-- default top: 3
-- default bottom: 3
-- default flags: 1
WITH n >= {minimum_n:UInt64} AS is_placed,
  if(is_placed, rank() OVER (PARTITION BY is_placed ORDER BY score DESC), 0) AS place,
  if(is_placed, rank() OVER (PARTITION BY is_placed ORDER BY score), 0) AS from_below,
  is_placed AND place <= {top:UInt16} AS is_top
SELECT place, hall_id, subject, subject_kind, score, points, n, on_time, late, ratings, satisfied,
  grade, policy_version, from_below,
  arrayFilter(side -> side != '', [
    if(is_top, 'top', ''),
    if(is_placed AND NOT is_top AND from_below <= {bottom:UInt16}, 'bottom', ''),
    if(is_placed AND place <= {flags:UInt16}, 'flag', ''),
    if(is_placed, '', 'below_minimum')]) AS sides
FROM scores_now
WHERE period = {month:String} AND policy_id = {policy:String} AND n > 0
  AND ({hall:String} = '' OR hall_id = {hall:String})
ORDER BY place = 0, place, hall_id, subject
