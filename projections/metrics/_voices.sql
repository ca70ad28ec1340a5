-- What citizens said on feedback cards (客户意见反馈卡: 4 and 5 of 5 are satisfied) and when called
-- back (电话回访: reached, and said whether they are satisfied), as it stands at {now}.
SELECT *, formatDateTime(occurred_at, '%Y-%m', {zone:String}) AS said_month
FROM (
  SELECT hall_id, case_id AS about_case, toString(event_id) AS fact_id, occurred_at,
    'callback' AS source, JSONExtractBool(payload, 'satisfied') AS is_content
  FROM ({{facts}})
  WHERE event_type = 'CallbackDone' AND JSONExtractBool(payload, 'reached')
    AND JSONType(payload, 'satisfied') = 'Bool'
  UNION ALL
  SELECT hall_id, JSONExtractString(payload, 'case_id'), toString(event_id), occurred_at,
    'card', JSONExtractInt(payload, 'level') >= 4
  FROM hall_facts_now
  WHERE event_type = 'FeedbackCardReceived' AND {hall:String} IN ('', hall_id)
    AND recorded_at <= {now:DateTime64(3)}
)
