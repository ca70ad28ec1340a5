-- title_zh: 超期未结清单
-- title_en: Open and overdue, the list
-- definition_zh: 已过应办结时刻而尚未办结的办件，最久的在前。依法停表而此前未超期的不在其列。
-- definition_en: Cases past their due instant and not closed, the longest first. A case whose clock lawfully stands still is not among them unless it was late before.
-- unit: 件
-- default hall:
-- default limit: 1000
SELECT case_id, hall_id, window_id, item_code, item_name, status, signal, due_kind, due_at,
  dateDiff('second', due_at, {now:DateTime64(3)}) AS overdue_seconds
FROM ({{cases}})
WHERE is_overdue
ORDER BY due_at, case_id
LIMIT {limit:UInt64}
