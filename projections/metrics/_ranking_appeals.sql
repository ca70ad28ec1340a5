-- Appeals against places, by the rules of `duban.appeals`, with the decision that answers them: only
-- people decide, and of several decisions about a subject's place in a period the last stands.
SELECT *, if(decided_at >= occurred_at, decided_at, NULL) AS answered_at,
  answered_at IS NOT NULL AND decision.1 AS is_upheld,
  if(answered_at IS NULL, '', decision.2) AS answer
FROM (
  SELECT hall_id, event_type, subject, subject_kind, occurred_at,
    JSONExtractString(payload, 'policy_id') AS policy_id,
    JSONExtractString(payload, 'period') AS period,
    JSONExtractString(payload, 'reason') AS reason,
    event_type = 'RankingAppealDecided' AND actor_role != 'system' AS is_decision,
    (occurred_at, recorded_at, toString(event_id)) AS told,
    maxIf(toNullable(occurred_at), is_decision) OVER of_place AS decided_at,
    argMaxIf((JSONExtractBool(payload, 'upheld'), reason), told, is_decision) OVER of_place AS decision,
    maxIf(told, event_type = 'RankingAppealed') OVER of_place = told AS is_last
  FROM hall_facts_now
  WHERE event_type IN ('RankingAppealed', 'RankingAppealDecided') AND {hall:String} IN ('', hall_id)
  WINDOW of_place AS (PARTITION BY hall_id, policy_id, period, subject)
)
WHERE event_type = 'RankingAppealed'
