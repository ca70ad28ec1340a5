-- Every invitation to rate that stands at {now}, and whether a citizen answered it: by a rating of the
-- same case that names it, or that names none and has it as the last invitation before. A rating that
-- nobody asked for answers none, and one that names none answers no more than one. The window is that
-- of the case.
SELECT i.hall_id AS hall_id, i.case_id AS case_id,
  if(c.window_id != '', c.window_id, i.window_id) AS window_id,
  i.invitation_id AS invitation_id, i.how AS how, i.occurred_at AS invited_at,
  formatDateTime(i.occurred_at, '%Y-%m', {zone:String}) AS invited_month,
  (invitation_id != '' AND has(r.named, invitation_id))
    OR arrayExists(at -> at >= i.occurred_at AND coalesce(at < i.next_at, true), r.unasked)
    AS is_answered
FROM (
  SELECT *, JSONExtractString(payload, 'invitation_id') AS invitation_id,
    JSONExtractString(payload, 'how') AS how,
    leadInFrame(toNullable(occurred_at)) OVER (PARTITION BY hall_id, case_id
      ORDER BY occurred_at, recorded_at, toString(event_id)
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next_at
  FROM ({{facts}}) WHERE event_type = 'RatingInvited'
) AS i
LEFT JOIN (
  SELECT hall_id, case_id, groupUniqArray(JSONExtractString(payload, 'invitation_id')) AS named,
    groupArrayIf(occurred_at, JSONExtractString(payload, 'invitation_id') = '') AS unasked
  FROM ({{facts}})
  WHERE event_type = 'RatingGiven' AND JSONExtractString(payload, 'source') = 'mass'
  GROUP BY hall_id, case_id
) AS r ON i.hall_id = r.hall_id AND i.case_id = r.case_id
LEFT JOIN (
  SELECT hall_id, case_id, window_id FROM cases_now WHERE {hall:String} IN ('', hall_id)
) AS c ON i.hall_id = c.hall_id AND i.case_id = c.case_id
