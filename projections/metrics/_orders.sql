-- Orders to rectify (责令限期整改), which are facts of cases of their own: those that stand, with every
-- id that each was told under.
SELECT f.hall_id AS hall_id, f.case_id AS case_id,
  if(s.first_told = '', f.id, s.first_told) AS first_told,
  if(empty(s.told), [f.id], s.told) AS told,
  f.payload AS payload, f.occurred_at AS occurred_at, f.actor_role AS actor_role,
  f.evidence AS evidence, f.causation_id AS causation_id
FROM (
  SELECT *, toString(event_id) AS id FROM events_now
  WHERE event_type = 'RectificationOrdered' AND case_id != '' AND {hall:String} IN ('', hall_id)
    AND sipHash128(case_id, id) NOT IN ({{gone}})) AS f
LEFT JOIN ({{statements}}) AS s
  ON s.hall_id = f.hall_id AND s.case_id = f.case_id AND s.stands = f.id
