-- Turns of the four parties (四方巡查) as they were put on the rota, each with the round that was made
-- for it; a turn is missed when its time is over and no round was told of. is_repeat: the party of the
-- turn before has this one too, so that the parties do not rotate.
SELECT *, party = lagInFrame(party) OVER (
    PARTITION BY hall_id ORDER BY due_at, case_id, party
    ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS is_repeat,
  multiIf(done_at IS NULL AND due_at < {now:DateTime64(3)}, 'missed', done_at IS NULL, 'due',
    done_at > due_at, 'late', 'done') AS state
FROM (
  SELECT hall_id, case_id, JSONExtractString(payload, 'party') AS party,
    argMaxIf(JSONExtractString(payload, 'staff'), recorded_at, is_rota) AS staff,
    maxIf(fromUnixTimestamp64Milli(JSONExtractInt(payload, 'due_at'), {zone:String}), is_rota)
      AS due_at,
    minIf(toNullable(occurred_at), NOT is_rota) AS done_at,
    argMaxIf(toString(event_id), recorded_at, is_rota) AS event_id
  FROM (
    SELECT *, event_type = 'PatrolScheduled' AS is_rota FROM ({{facts}})
    WHERE event_type IN ('PatrolScheduled', 'PatrolDone') AND NOT historical)
  GROUP BY hall_id, case_id, party
  HAVING countIf(is_rota) > 0
)
