-- Facts that one person keyed in for several cases within one and the same minute, though they are
-- said to have happened more than {hours} hours apart.
SELECT *, formatDateTime(recorded_at, '%Y-%m', {zone:String}) AS recorded_month,
  toStartOfMinute(recorded_at) AS minute,
  uniqExact(case_id) OVER of_minute AS minute_cases,
  min(occurred_at) OVER of_minute AS first_at,
  max(occurred_at) OVER of_minute AS last_at
FROM events_now
WHERE case_id != '' AND actor_id != '' AND actor_role != 'system' AND NOT historical
  AND ({hall:String} = '' OR hall_id = {hall:String}) AND recorded_at <= {now:DateTime64(3)}
  AND ({month:String} = '' OR recorded_month = {month:String})
WINDOW of_minute AS (PARTITION BY hall_id, actor_id, toStartOfMinute(recorded_at))
QUALIFY minute_cases >= {cases:UInt32}
  AND dateDiff('second', first_at, last_at) > 3600 * {hours:UInt32}
