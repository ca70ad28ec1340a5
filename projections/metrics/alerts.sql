-- title_zh: 预警清单
-- title_en: Warnings
-- definition_zh: 发出过的预警，最新的在前；可按级别、状态、办件、日期（back 为几天前，空为不限）筛选。撤回的只在按状态查询时列出。
-- definition_en: Warnings raised, newest first; by level, state, case, day (back: how many days ago, empty for any). Retracted ones are listed only when asked for.
-- unit: 条
-- default hall:
-- default level:
-- default state:
-- default case:
-- default back:
-- default limit: 1000
SELECT alert_id, case_id, hall_id, window_id, level, rung, clock_kind, item_name, state, due_at,
  raised_at, acknowledged_at, acknowledged_by, cleared_at, retracted_at, escalations, to_roles,
  historical
FROM alerts_now
WHERE ({hall:String} = '' OR hall_id = {hall:String})
  AND ({case:String} = '' OR case_id = {case:String})
  AND ({level:String} = '' OR level = {level:String})
  AND if({state:String} = '', state != 'retracted', state = {state:String})
  AND raised_at <= {now:DateTime64(3)}
  AND ({back:String} = '' OR NOT historical AND toDate(raised_at, {zone:String})
    = toDate({now:DateTime64(3)}, {zone:String}) - toUInt16OrZero({back:String}))
ORDER BY raised_at DESC, alert_id
LIMIT {limit:UInt64}
