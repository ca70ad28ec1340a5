-- title_zh: 评价参与率
-- title_en: Response rate
-- definition_zh: 收到群众评价的邀评 ÷ 全部邀评：评价写明该邀评，或未写明而该邀评是此前最近的一次；未经邀请的评价不计。low、high 为 95 % 威尔逊区间。月份按邀评时间。
-- definition_en: Invitations that a citizen answered with a rating ÷ all invitations: the rating names the invitation, or names none and it was the last one before; a rating that nobody asked for answers none. low and high bound the 95 % Wilson interval. The month is that of the invitation.
-- unit: 比率
-- list answered: invitation_list set=answered
-- list invited: invitation_list set=all
-- default hall:
-- default month:
WITH 1.959964 AS z
SELECT
  countIf(is_answered) AS answered,
  count() AS invited,
  if(invited = 0, NULL, answered / invited) AS rate,
  if(invited = 0, NULL, greatest(0, (rate + z * z / (2 * invited)
    - z * sqrt(rate * (1 - rate) / invited + z * z / (4 * invited * invited)))
    / (1 + z * z / invited))) AS low,
  if(invited = 0, NULL, least(1, (rate + z * z / (2 * invited)
    + z * sqrt(rate * (1 - rate) / invited + z * z / (4 * invited * invited)))
    / (1 + z * z / invited))) AS high
FROM ({{invitations}})
WHERE {month:String} = '' OR has(splitByChar(',', {month:String}), invited_month)
