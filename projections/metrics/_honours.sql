-- Honours of the hall (or of all) as they stand at {now}, and whether each takes a place on a board
-- that has quotas.
SELECT *, has(boards, board) AND state != 'revoked' AS is_placed
FROM (
  SELECT hall_id, event_type, first_told AS honour_id, subject_kind, subject,
    JSONExtractString(payload, 'kind') AS kind, JSONExtractString(payload, 'level') AS level,
    JSONExtractString(payload, 'board') AS board,
    JSONExtractString(payload, 'class_name') AS class_name,
    JSONExtractString(payload, 'period') AS period,
    occurred_at AS granted_at, recorded_at, lower(causation_id) AS cause,
    fromUnixTimestamp64Milli(JSONExtract(payload, 'valid_to', 'Nullable(Int64)'), {zone:String})
      AS valid_to,
    groupArrayIf(lower(JSONExtractString(payload, 'honour_event_id')),
        event_type = 'HonourRevoked' AND actor_role != 'system')
      OVER (PARTITION BY hall_id) AS revoked,
    multiIf(
      hasAny(arrayPushBack(told, first_told), revoked), 'revoked',
      coalesce(valid_to <= {now:DateTime64(3)}, false), 'expired', 'held') AS state,
    JSONExtract({quotas:String}, 'Map(String, UInt32)') AS quotas,
    arrayMap(name -> substring(name, 1, position(name, '/') - 1), mapKeys(quotas)) AS boards
  FROM hall_facts_now
  WHERE event_type IN ('HonourGranted', 'HonourRevoked') AND {hall:String} IN ('', hall_id)
)
WHERE event_type = 'HonourGranted'
