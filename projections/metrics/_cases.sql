-- Every case of the hall (or of all) with what is true of it at {now}. Each condition that a figure
-- counts stands here once, so that a figure and the list behind it cannot differ.
-- A clock that stands still cannot fall due: what is paused counts as overdue only where it was
-- late before. 按时办结率 of the metric list: on-time closed ÷ (closed + open overdue).
-- Outcomes are those of applications; a case that is none, such as a project or a complaint, stands in
-- lists while it is open and has figures of its own.
SELECT *,
  case_class NOT IN ('complaint', 'hotline', 'legacy', 'opinion', 'patrol',
    'project', 'publication', 'rectification', 'review', 'supervision') AS is_application,
  toDate({now:DateTime64(3)}, {zone:String}) AS today,
  closed_at IS NULL AS is_open,
  closed_at IS NOT NULL AS is_closed,
  coalesce(due_at < {now:DateTime64(3)}, false) AS past_due,
  status IN ('paused', 'upstream') AND signal NOT IN ('yellow', 'red') AS is_held,
  is_open AND past_due AND NOT is_held AS is_overdue,
  is_open AND NOT is_overdue AND NOT is_held AND (signal = 'reminder'
    OR coalesce(due_at < {now:DateTime64(3)} + INTERVAL 24 HOUR, false)) AS is_due_soon,
  is_application AND is_closed AND outcome IN ('early', 'on_time') AS is_kept,
  is_application AND is_closed AND outcome = 'early' AS is_early,
  is_application AND is_closed AND outcome = 'late' AS is_late,
  is_application AND is_closed AND outcome != '' AS is_timed,
  is_timed OR (is_application AND is_overdue) AS is_judged,
  rating IS NOT NULL AS is_rated,
  coalesce(rating >= 4, false) AS is_satisfied,
  coalesce(rating <= 2, false) AS is_dissatisfied,
  coalesce(accepted_at <= {now:DateTime64(3)}, false) AS was_accepted,
  is_application AND coalesce(closed_at <= {now:DateTime64(3)}, false) AS was_closed,
  toDate(accepted_at, {zone:String}) AS accepted_day,
  toDate(closed_at, {zone:String}) AS closed_day,
  formatDateTime(coalesce(closed_at, due_at), '%Y-%m', {zone:String}) AS judged_month,
  formatDateTime(closed_at, '%Y-%m', {zone:String}) AS closed_month
FROM cases_now
WHERE {hall:String} = '' OR hall_id = {hall:String}
