-- What each held of the delay of cases that ended late, on the clock that decided: one row for each
-- holder. `month` is that of the end.
SELECT d.hall_id AS hall_id, d.case_id AS case_id, d.party AS party, d.step AS step, d.org AS org,
  d.staff AS staff, d.minutes AS minutes, c.item_code AS item_code, c.item_name AS item_name,
  c.window_id AS window_id, c.closed_at AS closed_at, c.due_at AS due_at,
  c.late_minutes AS late_minutes
FROM delays_now AS d
INNER JOIN cases_now AS c ON c.hall_id = d.hall_id AND c.case_id = d.case_id
  AND c.due_kind = d.clock_kind
WHERE c.outcome = 'late' AND c.closed_at <= {now:DateTime64(3)}
  AND ({hall:String} = '' OR c.hall_id = {hall:String})
  AND ({month:String} = '' OR formatDateTime(c.closed_at, '%Y-%m', {zone:String}) = {month:String})
