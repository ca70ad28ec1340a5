-- title_zh: 办件到场次数
-- title_en: Visits per case
-- definition_zh: 已办结申请中，申请人到窗口的天数之和 ÷ 件数：现场咨询、取号、提交、补件、缴费、领取各算到场，同一天只算一次。月份按办结时间。month 可为多个月，以逗号相连。
-- definition_en: Over closed applications, days on which the applicant came to the counter ÷ cases: first contact, ticket, filing, further papers, payment and collection count, one day once. The month (or months, joined by commas) is that of closing.
-- unit: 次
-- default hall:
-- default month:
SELECT
  sum(v.days) AS visits,
  count() AS cases,
  countIf(v.days = 0) AS none,
  if(cases = 0, NULL, visits / cases) AS mean_visits
FROM (
  SELECT hall_id, case_id FROM ({{cases}})
  WHERE is_application AND was_closed
    AND ({month:String} = '' OR has(splitByChar(',', {month:String}), assumeNotNull(closed_month)))
) AS c
LEFT JOIN (
  SELECT hall_id, case_id, uniqExact(toDate(occurred_at, {zone:String})) AS days
  FROM ({{facts}})
  WHERE (channel = 'counter' AND event_type IN ('FirstContactRecorded', 'QueueTicketIssued',
      'CaseSubmitted', 'MaterialsReceived', 'SupplementReceived', 'FeePaid'))
    OR (event_type = 'ResultDelivered' AND JSONExtractString(payload, 'how') = 'counter')
  GROUP BY hall_id, case_id
) AS v ON c.hall_id = v.hall_id AND c.case_id = v.case_id
