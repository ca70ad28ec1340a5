-- Ratings that deserve a look, as they stand at {now}: self, where one who acts for the hall rated
-- as a citizen; burst, where they are among {count} or more of a window within two minutes.
SELECT *, formatDateTime(occurred_at, '%Y-%m', {zone:String}) AS rated_month
FROM (
  SELECT *, max(from_here) OVER (PARTITION BY hall_id, window ORDER BY second
    RANGE BETWEEN 119 PRECEDING AND CURRENT ROW) >= {count:UInt32} AS is_burst
  FROM (
    SELECT r.hall_id AS hall_id, r.case_id AS case_id, toString(r.event_id) AS fact_id,
      r.actor_id AS actor_id, r.occurred_at AS occurred_at,
      if(c.window_id != '', c.window_id, r.window_id) AS window,
      JSONExtractInt(r.payload, 'level') AS level,
      r.actor_role NOT IN ('', 'applicant', 'owner', 'intermediary', 'system', 'device')
        OR (r.actor_id != '' AND r.actor_id = c.staff_id) AS is_self,
      toUnixTimestamp(r.occurred_at) AS second,
      count() OVER (PARTITION BY r.hall_id, window ORDER BY second
        RANGE BETWEEN CURRENT ROW AND 119 FOLLOWING) AS from_here
    FROM ({{facts}}) AS r
    LEFT JOIN (SELECT hall_id, case_id, window_id, staff_id FROM cases_now) AS c
      ON r.hall_id = c.hall_id AND r.case_id = c.case_id
    WHERE r.event_type = 'RatingGiven' AND JSONExtractString(r.payload, 'source') = 'mass'
      AND NOT r.historical
  )
)
