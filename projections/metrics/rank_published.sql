-- title_zh: 公布的名次
-- title_en: Published ranking
-- definition_zh: 已公布的一期名次，最近一次修订；reason 说明修订的原因：late_fact 迟报、correction 更正、appeal 申诉成立、recount 重新计算。
-- definition_en: A period's ranking as published, its last revision; reason says why it was revised: late_fact, correction, appeal, recount.
-- unit: 分
-- default hall:
-- default policy: window-month
SELECT place, hall_id, subject, subject_kind, score, points, n, on_time, late, ratings, satisfied,
  grade, policy_version, sides, revision, reason, published_at, cut_at
FROM rankings_now
WHERE period = {month:String} AND policy_id = {policy:String}
  AND ({hall:String} = '' OR hall_id = {hall:String})
ORDER BY place = 0, place, hall_id, subject
