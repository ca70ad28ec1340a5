-- Every project of the hall (or of all) by its project clock, which counts working days from opening
-- to closing; `term` is the number of days that the figures ask about.
SELECT k.hall_id AS hall_id, k.case_id AS case_id, c.project_id AS project_id,
  c.item_name AS name, k.started_at AS opened_at, k.stopped_at AS closed_at,
  k.units_used AS days, n.cases AS cases,
  coalesce(k.stopped_at <= {now:DateTime64(3)}, false) AS is_closed,
  is_closed AND days > {term:UInt16} AS is_over,
  formatDateTime(k.stopped_at, '%Y-%m', {zone:String}) AS closed_month
FROM (SELECT * FROM clocks_now
  WHERE kind = 'project' AND state != 'void' AND {hall:String} IN ('', hall_id)) AS k
LEFT JOIN (SELECT * FROM cases_now WHERE {hall:String} IN ('', hall_id)) AS c
  ON k.hall_id = c.hall_id AND k.case_id = c.case_id
LEFT JOIN (
  SELECT project_id, count() AS cases FROM cases_now
  WHERE project_id != '' AND case_class != 'project' GROUP BY project_id
) AS n ON c.project_id = n.project_id
