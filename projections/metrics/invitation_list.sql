-- title_zh: 邀评清单
-- title_en: Invitations to rate
-- definition_zh: 某个数字背后的邀评，最近的在前。
-- definition_en: The invitations behind a figure, the latest first.
-- unit: 次
-- default hall:
-- default month:
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, window_id, invitation_id, how, invited_at, is_answered
FROM ({{invitations}})
WHERE multiIf(
    {set:String} = 'all', true,
    {set:String} = 'answered', is_answered,
    throwIf(true, 'no such set of invitations'))
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), invited_month))
ORDER BY invited_at DESC, case_id, invitation_id
LIMIT {limit:UInt64}
