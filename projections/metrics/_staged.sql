-- Every staged permit of the hall (or of all) by its clock, which counts the working days from the
-- permit of the stage to the decision on the whole: by so much work could begin earlier.
SELECT s.hall_id AS hall_id, s.case_id AS case_id, s.clock_key AS stage,
  s.started_at AS granted_at, s.stopped_at AS decided_at, s.units_used AS saved_days,
  coalesce(s.stopped_at <= {now:DateTime64(3)}, false) AS is_over,
  is_over AND c.decision = 'approved' AS is_decided,
  NOT is_over AS is_open,
  formatDateTime(s.started_at, '%Y-%m', {zone:String}) AS granted_month
FROM (SELECT * FROM clocks_now
  WHERE kind = 'staged' AND state != 'void' AND {hall:String} IN ('', hall_id)) AS s
LEFT JOIN (SELECT * FROM cases_now WHERE {hall:String} IN ('', hall_id)) AS c
  ON s.hall_id = c.hall_id AND s.case_id = c.case_id
