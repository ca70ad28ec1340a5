-- title_zh: 名次申诉
-- title_en: Appeals against rankings
-- definition_zh: 对一期名次的申诉，一个对象一期一行，以最近一次为准（set=all 时逐次列出）：state 为 open（尚未复核）、upheld（成立）、rejected（不成立）。复核由人作出，程序作出的不算；多次复核的，以最后一次为准。月份填考核期（如 2026-09、2026）。
-- definition_en: Appeals against the places of a period, one row for each subject and period, by the last one (with set=all each appeal): state is open, upheld or rejected. People decide; what a program decides does not count, and of several decisions the last stands. Month is the period of the ranking (2026-09, 2026).
-- unit: 件
-- default hall:
-- default policy:
-- default month:
-- default set: last
SELECT hall_id, policy_id, period, subject, subject_kind AS kind, occurred_at AS appealed_at,
  reason AS said, answered_at, answer,
  multiIf(answered_at IS NULL, 'open', is_upheld, 'upheld', 'rejected') AS state
FROM ({{ranking_appeals}})
WHERE {policy:String} IN ('', policy_id) AND {month:String} IN ('', period)
  AND multiIf({set:String} = 'all', true, {set:String} = 'last', is_last,
    throwIf(true, 'set is last or all'))
ORDER BY appealed_at, hall_id, policy_id, period, subject
