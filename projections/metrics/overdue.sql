-- title_zh: 超期未结清单
-- title_en: Open and overdue, the list
-- definition_zh: 已过应办结时刻而尚未办结的办件，最久的在前。依法停表而此前未超期的不在其列；unit 为所依时钟的单位。
-- definition_en: Cases past their due instant and not closed, the longest first. A case whose clock lawfully stands still is not among them unless it was late before; unit is that of the clock that decides.
-- unit: 件
-- default hall:
-- default limit: 1000
WITH late AS (
  SELECT case_id, hall_id, window_id, item_code, item_name, status, signal, due_kind, due_at,
    dateDiff('second', due_at, {now:DateTime64(3)}) AS overdue_seconds
  FROM ({{cases}})
  WHERE is_overdue
  ORDER BY due_at, case_id
  LIMIT {limit:UInt64}
)
SELECT late.*, if(units.unit = '', 'working_day', units.unit) AS unit
FROM late
LEFT ANY JOIN (
  SELECT hall_id, case_id, kind AS due_kind, unit FROM clocks_now
  WHERE state != 'void' AND (hall_id, case_id) IN (SELECT hall_id, case_id FROM late)
) AS units USING (hall_id, case_id, due_kind)
ORDER BY late.due_at, late.case_id
