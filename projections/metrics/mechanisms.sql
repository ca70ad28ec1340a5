-- title_zh: 机制运行
-- title_en: Mechanisms at work
-- definition_zh: 没有专门指标的各项机制，按事实计数：首问、咨询、预约、代办（领办、导办、督办）、绿色通道、延时服务、主动对接、上门勘查、一次性告知、案例援引、联合办理、转报催促、责任链、送达方式、结果公开、收费等。detail 为种类、方式或理由；facts 为次数，cases 为涉及办件数，amount 为金额合计（元，仅收费）。未更正、未作废的才计。月份按发生时间。
-- definition_en: Mechanisms without a figure of their own, counted by their facts: first contact, enquiries, appointments, agents and guides, green channel, service after hours, proactive contact, site visits, one-time notices, precedents, joint acts, chasing of authorities above, chains of responsibility, delivery, publication, fees. detail is the kind, the way or the reason; amount (yuan) is of fees only. Facts that stand; the month is that of the fact.
-- unit: 次
-- default hall:
-- default month:
SELECT hall_id, event_type,
  multiIf(
    event_type IN ('GuideAssigned', 'GuideCompleted'), JSONExtractString(payload, 'kind'),
    event_type = 'ResultDelivered', JSONExtractString(payload, 'how'),
    event_type = 'ResultPublished', JSONExtractString(payload, 'where'),
    event_type = 'FastTrackGranted', JSONExtractString(payload, 'reason'),
    event_type = 'FirstContactRecorded',
      if(JSONExtractBool(payload, 'own_matter'), 'own_matter', 'led_on'),
    event_type = 'FeePaid', JSONExtractString(payload, 'fee_code'), '') AS detail,
  count() AS facts, uniqExact(case_id) AS cases,
  sumIf(toDecimal64OrZero(JSONExtractString(payload, 'amount'), 2), event_type = 'FeePaid') AS amount
FROM ({{facts}})
WHERE event_type IN (
    'FirstContactRecorded', 'EnquiryLogged', 'EnquiryAnswered', 'AppointmentBooked', 'HandedOver',
    'GuideAssigned', 'GuideCompleted', 'FastTrackGranted', 'AfterHoursServed', 'ProjectOwnerNamed',
    'ProactiveContacted', 'PreCoachingDone', 'OneTimeNoticeIssued', 'SiteVisitDone',
    'ObstacleLogged', 'ObstacleCleared', 'PrecedentCited', 'ParallelGroupOpened', 'ParallelJoined',
    'JointNoticeIssued', 'JointSurveyDone', 'JointMeetingHeld', 'BranchAbsent', 'ForwardedUp',
    'UpstreamChased', 'UpstreamReplied', 'ResponsibilityChainBound', 'StagedPermitGranted',
    'SupervisionOrdered', 'SupervisionAnswered', 'ResultDelivered', 'ResultPublished', 'FeePaid',
    'LegacyIssueOpened', 'LegacyIssueStudied', 'LegacyIssueSubmitted', 'LegacyIssueResolved')
  AND {month:String} IN ('', formatDateTime(occurred_at, '%Y-%m', {zone:String}))
GROUP BY hall_id, event_type, detail
ORDER BY hall_id, event_type, detail
