-- title_zh: 办件清单
-- title_en: Cases
-- definition_zh: 某个数字背后的办件。set 说明是哪些；month、window、back（几天前，0 为今日）进一步限定。
-- definition_en: The cases behind a figure. set says which; month, window and back (days ago, 0 is today) narrow it.
-- unit: 件
-- default hall:
-- default set: all
-- default month:
-- default window:
-- default back: 0
-- default limit: 1000
SELECT case_id, hall_id, window_id, item_code, item_name, case_class, status, decision, channel,
  submitted_at, accepted_at, closed_at, due_at, due_kind, provisional, outcome, late_minutes,
  saved_days, signal, rating, historical
FROM ({{cases}})
WHERE multiIf(
    {set:String} = 'all', true,
    {set:String} = 'open', is_open,
    {set:String} = 'held', is_open AND is_held,
    {set:String} = 'no_policy', is_open AND policy_state = 'no_policy',
    {set:String} = 'overdue', is_overdue,
    {set:String} = 'overdue_red', is_overdue AND signal = 'red',
    {set:String} = 'due_soon', is_due_soon,
    {set:String} = 'accepted', was_accepted AND accepted_day = today - {back:UInt16},
    {set:String} = 'closed', was_closed AND closed_day = today - {back:UInt16},
    {set:String} = 'closed_early', is_early AND was_closed AND closed_day = today - {back:UInt16},
    {set:String} = 'closed_late', is_late AND was_closed AND closed_day = today - {back:UInt16},
    {set:String} = 'kept', is_kept,
    {set:String} = 'early', is_early,
    {set:String} = 'late', is_late,
    {set:String} = 'timed', is_timed,
    {set:String} = 'untimed', is_application AND is_closed AND NOT is_timed,
    {set:String} = 'other', is_closed AND NOT is_application,
    {set:String} = 'judged', is_judged,
    {set:String} = 'rated', is_closed AND is_rated,
    {set:String} = 'satisfied', is_closed AND is_satisfied,
    {set:String} = 'dissatisfied', is_closed AND is_dissatisfied,
    {set:String} = 'warned', (hall_id, case_id) IN (
      SELECT hall_id, case_id FROM alerts_now
      WHERE state != 'retracted' AND level IN ('yellow', 'red') AND NOT historical
        AND raised_at <= {now:DateTime64(3)}
        AND toDate(raised_at, {zone:String}) = toDate({now:DateTime64(3)}, {zone:String})),
    throwIf(true, 'no such set of cases'))
  AND ({window:String} = '' OR window_id = {window:String})
  AND ({month:String} = '' OR has(splitByChar(',', {month:String}), judged_month))
ORDER BY due_at IS NULL, due_at, case_id
LIMIT {limit:UInt64}
