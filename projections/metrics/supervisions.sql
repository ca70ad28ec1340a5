-- title_zh: 督办清单
-- title_en: Supervision orders
-- definition_zh: 督办件，一件一行，最近的在前：谁督办、督办谁、何事、限期、何时答复。state 在查询时刻为 open（待答复）、overdue（逾期未答复）、answered（已答复）或 late（逾期答复）；cause 为起因事实的编号。同一办件同一督办编号之后的第一次答复算数。更正、作废的不计。月份按督办时间。
-- definition_en: Orders of supervision, one a row, the latest first: by whom, to whom, what, until when, and when it was answered. state at the instant of asking is open, overdue, answered or late; cause is the id of the fact that led to it. The first answer in the case under the order's number counts. What was corrected or voided is out. The month is that of the order.
-- unit: 件
-- default hall:
-- default month:
WITH
  facts AS (
    SELECT hall_id, case_id, toString(event_id) AS order_id, event_type, occurred_at,
      lower(causation_id) AS cause, payload, JSONExtractString(payload, 'order_no') AS order_no
    FROM ({{facts}})
    WHERE event_type IN ('SupervisionOrdered', 'SupervisionAnswered')),
  ordered AS (
    SELECT *, JSONExtractString(payload, 'by') AS ordered_by,
      JSONExtractString(payload, 'to_org') AS to_org, JSONExtractString(payload, 'to_role') AS to_role,
      JSONExtractString(payload, 'what') AS what,
      fromUnixTimestamp64Milli(JSONExtract(payload, 'due_at', 'Nullable(Int64)')) AS due_at
    FROM facts WHERE event_type = 'SupervisionOrdered'),
  answered AS (
    SELECT hall_id, case_id, order_no, arraySort(groupArray(occurred_at)) AS times
    FROM facts WHERE event_type = 'SupervisionAnswered' GROUP BY hall_id, case_id, order_no)
SELECT o.hall_id AS hall_id, o.case_id AS case_id, o.order_id AS order_id, o.order_no AS order_no,
  ordered_by, to_org, to_role, what, o.occurred_at AS ordered_at, due_at,
  nullIf(arrayFirst(at -> at >= o.occurred_at, a.times), toDateTime64(0, 3)) AS answered_at,
  multiIf(
    answered_at IS NULL, if(due_at < {now:DateTime64(3)}, 'overdue', 'open'),
    answered_at > due_at, 'late',
    'answered') AS state,
  cause
FROM ordered AS o
LEFT JOIN answered AS a
  ON a.hall_id = o.hall_id AND a.case_id = o.case_id AND a.order_no = o.order_no
WHERE {month:String} IN ('', formatDateTime(ordered_at, '%Y-%m', {zone:String}))
ORDER BY ordered_at DESC, case_id, order_id
