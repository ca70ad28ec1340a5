-- title_zh: 处置
-- title_en: Measures
-- definition_zh: 人作出的处置，一件一行：黄牌与红牌（窗口）、效能告诫（人员）、约谈、责令限期整改、通报批评。只有人能撤销：系统的撤销不算数。state 为 in_force（有效）、revoked（已撤销）、overturned（申诉成立）。flags 提示：no_evidence 无证据，no_lower_step 没有仍然有效的下一级处置或其他起因，revoked_by_system 系统试图撤销，appeal_open 申诉未复核。cause 为处置写明的起因事实的编号。自动预警不在其中。月份按处置时间。
-- definition_en: Measures that people took, one a row: yellow and red cards (of a window), admonitions (of a person), talks, orders to rectify, public criticism. Only people take one back: what a program revokes stays in force. state is in_force, revoked or overturned (an appeal was upheld). flags say what to look at: no_evidence, no_lower_step (neither a lower measure that still stands nor another cause), revoked_by_system, appeal_open. cause is the id of the fact that a measure names as its cause. Signals of clocks are not among them. The month is that of the measure.
-- unit: 件
-- default hall:
-- default month:
-- default subject:
WITH
  ['CardIssued', 'AdmonitionIssued', 'TalkHeld', 'RectificationOrdered', 'PublicCriticism'] AS ladder,
  said AS (
    SELECT hall_id, event_type, indexOf(ladder, event_type) AS step, first_told,
      arrayDistinct(arrayPushBack(told, first_told)) AS ids, subject_kind, subject,
      JSONExtractString(payload, if(event_type = 'CardIssued', 'colour', 'scope')) AS detail,
      JSONExtractString(payload, 'reason') AS reason,
      occurred_at, actor_role, evidence, lower(causation_id) AS cause,
      lower(JSONExtractString(payload, 'measure_event_id')) AS about,
      step = 0 AND (event_type = 'MeasureRevoked' OR JSONExtractBool(payload, 'upheld')) AS is_end
    FROM hall_facts_now
    WHERE {hall:String} IN ('', hall_id)
      AND (step > 0 OR event_type IN ('MeasureRevoked', 'MeasureAppealed', 'MeasureAppealDecided'))
    UNION ALL
    SELECT hall_id, 'RectificationOrdered', 4, first_told, arrayDistinct(arrayPushBack(told, first_told)),
      'org', JSONExtractString(payload, 'to_org'), '', JSONExtractString(payload, 'what'),
      occurred_at, actor_role, evidence,
      lower(if(causation_id = '', JSONExtractString(payload, 'finding_event_id'), causation_id)),
      '', false
    FROM ({{orders}})),
  named AS (
    SELECT *, arrayFlatten(groupArrayIf(arrayMap(id -> (id, first_told), ids), step > 0)
        OVER (PARTITION BY hall_id)) AS names,
      if(step > 0, first_told, arrayFirst(name -> name.1 = about, names).2) AS measure_id,
      arrayFirst(name -> name.1 = cause, names).2 AS ground
    FROM said),
  ended AS (
    SELECT *,
      argMinIf(if(event_type = 'MeasureRevoked', 'revoked', 'overturned'), (occurred_at, first_told),
        is_end AND actor_role != 'system') OVER of_measure AS end_state,
      minIf(toNullable(occurred_at), is_end AND actor_role != 'system') OVER of_measure AS ended_at,
      if(ended_at IS NULL, 'in_force', end_state) AS state,
      maxIf(occurred_at, event_type = 'MeasureAppealed') OVER of_measure
        > maxIf(occurred_at, event_type = 'MeasureAppealDecided' AND actor_role != 'system')
          OVER of_measure AS is_open,
      countIf(is_end AND actor_role = 'system') OVER of_measure > 0 AS is_tried
    FROM named WINDOW of_measure AS (PARTITION BY hall_id, measure_id)),
  seen AS (
    SELECT *,
      groupArrayIf((step, occurred_at), state = 'in_force')
        OVER (PARTITION BY hall_id, subject_kind, subject) AS of_subject,
      groupArrayIf((measure_id, step), state = 'in_force') OVER (PARTITION BY hall_id) AS standing
    FROM ended WHERE step > 0),
  gone AS (
    SELECT DISTINCT hall_id, toString(event_id) AS id FROM events
    WHERE event_type IN ladder AND {hall:String} IN ('', hall_id)),
  weighed AS (
    SELECT *, multiIf(
        step = 1, true,
        cause = '', arrayExists(one -> one.1 < step AND one.2 <= occurred_at, of_subject),
        ground != '', arrayExists(one -> one.1 = ground AND one.2 < step, standing),
        (hall_id, cause) NOT IN gone) AS is_grounded
    FROM seen)
SELECT hall_id, measure_id, event_type, step, subject_kind, subject, detail, reason, occurred_at,
  actor_role, state, ended_at,
  arrayFilter(flag -> flag != '', [
    if(evidence = '', 'no_evidence', ''),
    if(is_grounded, '', 'no_lower_step'),
    if(is_tried, 'revoked_by_system', ''),
    if(is_open, 'appeal_open', '')]) AS flags,
  if(w.ground != '', w.ground, w.cause) AS cause,
  formatDateTime(occurred_at, '%Y-%m', {zone:String}) AS at_month
FROM weighed AS w
WHERE {month:String} IN ('', at_month)
  AND {subject:String} IN ('', subject)
ORDER BY occurred_at, measure_id
