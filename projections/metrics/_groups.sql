-- Every application that counts for on time at {now}, with the groups it belongs to (四个一样): busy or
-- idle hour of acceptance, channel, class of applicant, first or repeated application, own staff.
-- An hour of the day is busy where a hall accepted at least its mean of all hours with any.
SELECT c.case_id AS case_id, c.hall_id AS hall_id, c.window_id AS window_id,
  c.item_name AS item_name, c.accepted_at AS accepted_at, c.due_at AS due_at,
  c.closed_at AS closed_at, c.outcome AS outcome, c.is_kept AS is_kept, 
  w.waits AS waits, w.wait_seconds AS wait_seconds,
  arrayFilter(g -> g.2 NOT IN ('', 'unknown'), [
    ('hour', if(hour_cases >= hour_mean, 'busy', 'idle')),
    ('channel', toString(c.channel)),
    ('applicant', toString(c.applicant_class)),
    ('acquaintance', multiIf(isNotNull(s.first_time), if(s.first_time, 'first', 'repeat'),
      c.applicant_ref = '', '', nth = 1, 'first', 'repeat')),
    ('own', if(s.own_staff, 'own_staff', 'others'))
  ]) AS memberships
FROM (
  SELECT *, hour_total / hours AS hour_mean FROM (
    SELECT *,
      toHour(coalesce(accepted_at, submitted_at), {zone:String}) AS hour_of_day,
      count() OVER (PARTITION BY hall_id, hour_of_day) AS hour_cases,
      count() OVER (PARTITION BY hall_id) AS hour_total,
      length(groupUniqArray(hour_of_day) OVER (PARTITION BY hall_id)) AS hours,
      row_number() OVER (PARTITION BY hall_id, applicant_ref
        ORDER BY coalesce(submitted_at, accepted_at), case_id) AS nth
    FROM ({{cases}}) WHERE is_application
  )
) AS c
LEFT JOIN (
  SELECT hall_id, case_id, any(JSONExtract(payload, 'first_time', 'Nullable(Bool)')) AS first_time,
    max(JSONExtractBool(payload, 'own_staff')) AS own_staff
  FROM ({{facts}}) WHERE event_type = 'CaseSubmitted'
  GROUP BY hall_id, case_id
) AS s ON c.hall_id = s.hall_id AND c.case_id = s.case_id
LEFT JOIN (
  SELECT hall_id, case_id, countIf(is_called) AS waits, sum(seconds) AS wait_seconds
  FROM ({{waits}}) GROUP BY hall_id, case_id
) AS w ON c.hall_id = w.hall_id AND c.case_id = w.case_id
WHERE c.is_judged AND ({month:String} = '' OR has(splitByChar(',', {month:String}), c.judged_month))
