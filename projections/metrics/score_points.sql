-- title_zh: 计分明细
-- title_en: Points of a score
-- definition_zh: 一个对象一期内的每一笔分：事由、规则、分值；reverses 不为空的是冲回。人工加减分（ScoreAdjusted）另写批准人 approver 和理由 reason。合计即得分之和。
-- definition_en: Every point of somebody in a period: cause, rule, worth; one with reverses takes another back. approver and reason stand with what people adjusted (ScoreAdjusted). They add up to the score's points.
-- unit: 分
-- default hall:
-- default policy: window-month
-- default subject:
SELECT at, hall_id, subject, subject_kind, rule_id, axis, points, cause_type, cause_event_id,
  cause_recorded_at, case_id, reverses, score_policy_version, point_id, approver, reason
FROM score_points_now AS p
LEFT JOIN (
  SELECT hall_id AS of_hall, toString(event_id) AS adjusted, JSONExtractString(payload, 'approver') AS approver,
    JSONExtractString(payload, 'reason') AS reason
  FROM events_now
  WHERE event_type = 'ScoreAdjusted' AND case_id = '' AND {hall:String} IN ('', hall_id)
) AS a ON a.of_hall = p.hall_id AND a.adjusted = p.cause_event_id
WHERE period = {month:String} AND policy_id = {policy:String}
  AND ({hall:String} = '' OR hall_id = {hall:String})
  AND ({subject:String} = '' OR subject = {subject:String})
ORDER BY hall_id, subject, at, rule_id, reverses != '', point_id
