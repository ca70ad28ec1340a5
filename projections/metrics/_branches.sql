-- Every signed branch of the hall's parallel groups (or of all), with what is true of it at {now}.
-- A branch has spoken where its own opinion stopped its clock; it was silent where the term ran out
-- first. One whose group ended before its term, without its opinion, is neither.
SELECT b.hall_id AS hall_id, b.case_id AS case_id, b.clock_key AS branch_id, b.state AS state,
  b.started_at AS receipted_at, b.due_at AS due_at, b.stopped_at AS stopped_at,
  b.units_used AS used, b.unit AS unit, b.outcome AS outcome, o.opinion AS opinion,
  o.branch_id != '' AS is_opined,
  is_opined AND b.outcome IN ('early', 'on_time') AS is_kept,
  is_opined AND b.outcome = 'late' AS is_late,
  NOT is_opined AND b.state != 'paused'
    AND coalesce(b.due_at < coalesce(b.stopped_at, {now:DateTime64(3)}), false) AS is_silent,
  is_opined OR is_silent AS is_judged,
  formatDateTime(if(is_opined, b.stopped_at, b.due_at), '%Y-%m', {zone:String}) AS judged_month
FROM (SELECT * FROM clocks_now
  WHERE kind = 'branch' AND state != 'void' AND {hall:String} IN ('', hall_id)) AS b
LEFT JOIN (
  SELECT hall_id, case_id, JSONExtractString(payload, 'branch_id') AS branch_id,
    occurred_at, any(JSONExtractString(payload, 'opinion')) AS opinion
  FROM ({{facts}})
  WHERE event_type = 'BranchOpined'
  GROUP BY hall_id, case_id, branch_id, occurred_at
) AS o ON b.hall_id = o.hall_id AND b.case_id = o.case_id AND b.clock_key = o.branch_id
  AND coalesce(b.stopped_at, b.started_at) = o.occurred_at
