-- title_zh: 监察触发
-- title_en: What may call for a measure
-- definition_zh: 可能引起处置的事实，一件一行：breach:时限（超过某种时限，step 环节、forward 转报、promise 承诺等）、finding:类别（检查发现）、attendance:种类（出勤异常，amount 为半天数，请假不计）、sign:信号（数据存疑，如 repeat_notice 重复告知）、patrol:missed（漏巡）、rectification:rejected（整改不合格被退回）、inspection（检查发现的问题，amount 为件数）、ranking:办法（已公布名次按办法引起的处置，measure 为处置）。哪些引起何种处置建议见 duban proposals。told 为同一事实用过的编号。月份按发生时间；名次按关账时间。
-- definition_en: Facts that may call for a measure, one a row: breach:KIND (a term ran out: step, forward, promise and so on), finding:CATEGORY, attendance:KIND (amount is how many whole half-days; leave is none), sign:SIGN (such as repeat_notice), patrol:missed, rectification:rejected, inspection (amount is how many findings), ranking:POLICY (what a published ranking leads to, named in measure). Which of them are proposed, `duban proposals` says. told has the ids that a fact was told under. The month is that of the instant; of a ranking, that of its closing.
-- unit: 件
-- default hall:
-- default month:
SELECT *, formatDateTime(at, '%Y-%m', {zone:String}) AS at_month
FROM (
  SELECT b.hall_id AS hall_id, concat('breach:', clock_kind) AS cause,
    if(window_id != '' OR sent_to.4 != '', 'window', 'org') AS subject_kind,
    multiIf(window_id != '', window_id, sent_to.4 != '', sent_to.4, sent_to.5) AS subject,
    due_at AS at, toString(event_id) AS event_id, b.case_id AS case_id,
    1 AS amount, '' AS measure, '' AS because, [event_id] AS told
  FROM (
    SELECT b.*,  -- whose it was when the term ran out; of the clock's own number, where there is one
      arrayFilter(one -> one.3 = c.clock_key, a.sent) AS numbered,
      if(empty(numbered), a.sent, numbered) AS of_clock,
      arrayFilter(one -> one.1 < b.due_at, of_clock) AS by_then,
      if(empty(by_then), of_clock[1], by_then[-1]) AS sent_to
    FROM (
      SELECT *, multiIf(clock_kind = 'rectification', 'RectificationOrdered',
        clock_kind = 'supervision', 'SupervisionOrdered',
        startsWith(clock_kind, 'hotline_'), 'HotlineDispatched', '') AS sent_by
      FROM sla_events_now WHERE event_type = 'ClockBreached' AND {hall:String} IN ('', hall_id)
    ) AS b
    LEFT JOIN (
      SELECT hall_id AS its_hall, case_id AS its_case, clock_id AS its_id, clock_key FROM clocks_now
      WHERE kind IN ('rectification', 'supervision') AND {hall:String} IN ('', hall_id)
    ) AS c ON c.its_hall = b.hall_id AND c.its_case = b.case_id AND c.its_id = b.clock_id
    LEFT JOIN (  -- orders, and calls sent on: whose it is, where the case lies at no window
      SELECT hall_id AS of_hall, case_id AS of_case, event_type AS of_type,
        arraySort(groupArray((occurred_at, recorded_at, JSONExtractString(payload, 'order_no'),
          JSONExtractString(payload, 'to_window_id'), JSONExtractString(payload, 'to_org')))) AS sent
      FROM ({{facts}})
      WHERE event_type IN ('RectificationOrdered', 'HotlineDispatched', 'SupervisionOrdered')
      GROUP BY of_hall, of_case, of_type
    ) AS a ON a.of_hall = b.hall_id AND a.of_case = b.case_id AND a.of_type = b.sent_by
  ) AS b
  WHERE NOT historical AND due_at <= {now:DateTime64(3)}
    AND toString(event_id) NOT IN (
      SELECT lower(JSONExtractString(payload, 'breach_event_id')) FROM sla_events_now
      WHERE event_type = 'ClockBreachRetracted' AND {hall:String} IN ('', hall_id))
  UNION ALL
  SELECT hall_id, concat('finding:', JSONExtractString(payload, 'category')), subject_kind, subject,
    occurred_at, toString(event_id), JSONExtractString(payload, 'patrol_case_id'), 1, '', '',
    told
  FROM hall_facts_now
  WHERE event_type = 'FindingRaised' AND NOT historical AND {hall:String} IN ('', hall_id)
  UNION ALL
  SELECT hall_id, concat('attendance:', JSONExtractString(payload, 'kind')), subject_kind, subject,
    occurred_at, toString(event_id), '',
    toInt64(floor(JSONExtractFloat(payload, 'half_days'))) AS half_days, '', '', told
  FROM hall_facts_now
  WHERE event_type = 'AttendanceExcepted' AND NOT historical AND {hall:String} IN ('', hall_id)
    AND half_days > 0 AND JSONExtractString(payload, 'kind') != 'leave'
  UNION ALL
  SELECT hall_id, 'inspection', subject_kind, subject, occurred_at, toString(event_id), '',
    JSONExtractInt(payload, 'findings') AS findings, '',
    concat(JSONExtractString(payload, 'plan'), ' ', JSONExtractString(payload, 'manner'), ' ',
      JSONExtractString(payload, 'by')), told
  FROM hall_facts_now
  WHERE event_type = 'InspectionDone' AND NOT historical AND {hall:String} IN ('', hall_id)
    AND findings > 0
  UNION ALL
  SELECT r.hall_id, 'rectification:rejected', 'org', JSONExtractString(o.payload, 'to_org'),
    r.occurred_at, toString(r.event_id), r.case_id, 1, '', '', [toString(r.event_id)]
  FROM ({{facts}}) AS r
  INNER JOIN ({{orders}}) AS o ON o.hall_id = r.hall_id AND o.case_id = r.case_id
  WHERE r.event_type = 'RectificationRejected' AND NOT r.historical
    AND JSONExtractString(r.payload, 'order_no') IN ('', JSONExtractString(o.payload, 'order_no'))
    AND o.occurred_at <= r.occurred_at
  ORDER BY o.occurred_at DESC LIMIT 1 BY r.hall_id, r.event_id  -- of no number: of the last order
  UNION ALL
  SELECT hall_id, concat('sign:', sign), 'window', window_id, at, about_event_id, case_id, 1, '', '',
    [about_event_id]
  FROM integrity_now
  WHERE NOT historical AND at <= {now:DateTime64(3)} AND {hall:String} IN ('', hall_id)
  UNION ALL
  SELECT hall_id, 'patrol:missed', if(staff = '', 'party', 'staff'), if(staff = '', party, staff), due_at, event_id, case_id,
    1, '', party, [event_id]
  FROM ({{turns}})
  WHERE state = 'missed'
  UNION ALL
  SELECT m.hall_id, concat('ranking:', m.policy_id), m.subject_kind, m.subject, r.at, r.cut, '', 1,
    m.measure, m.because, [r.cut]
  FROM ranking_measures_now AS m
  INNER JOIN (
    SELECT hall_id, policy_id, period, any(cut_at) AS at, any(cut_event_id) AS cut
    FROM rankings_now GROUP BY hall_id, policy_id, period
  ) AS r ON r.hall_id = m.hall_id AND r.policy_id = m.policy_id AND r.period = m.period
  WHERE {hall:String} IN ('', m.hall_id)
)
WHERE subject != '' AND {month:String} IN ('', at_month)
ORDER BY at, hall_id, cause, subject, event_id
