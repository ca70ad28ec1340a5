-- title_zh: 巡查发现
-- title_en: Findings of patrols
-- definition_zh: 大厅四方巡查（纪检监察专员、中心管理人员、大厅值班长、窗口首席代表）及检查发现的问题：总数、已销号、未销号、严重问题、销号率。同一大厅同一编号为一个问题；发现之后（含同时）的销号才算。月份按首次发现时间。
-- definition_en: Faults that the four parties of patrols (discipline officer, centre manager, duty lead, chief representative) and inspections found: how many, closed, open, serious, and the share closed. One number within a hall is one fault; a closing counts at or after it was found. The month is that in which it was first found.
-- unit: 个
-- default hall:
-- default month:
SELECT hall_id, party,
  count() AS findings,
  countIf(coalesce(closed_at >= last_raised, false)) AS closed,
  findings - closed AS open,
  countIf(severity = 'serious') AS serious,
  closed / findings AS closed_rate
FROM (
  SELECT hall_id, JSONExtractString(payload, 'finding_id') AS finding_id,
    minIf(toNullable(occurred_at), event_type = 'FindingRaised') AS raised_at,
    maxIf(occurred_at, event_type = 'FindingRaised') AS last_raised,
    maxIf(toNullable(occurred_at), event_type = 'FindingClosed') AS closed_at,
    argMaxIf(JSONExtractString(payload, 'party'), (occurred_at, first_told), event_type = 'FindingRaised') AS party,
    argMaxIf(JSONExtractString(payload, 'severity'), (occurred_at, first_told), event_type = 'FindingRaised') AS severity
  FROM hall_facts_now
  WHERE event_type IN ('FindingRaised', 'FindingClosed') AND {hall:String} IN ('', hall_id)
  GROUP BY hall_id, finding_id
)
WHERE raised_at IS NOT NULL
  AND {month:String} IN ('', formatDateTime(assumeNotNull(raised_at), '%Y-%m', {zone:String}))
GROUP BY hall_id, party
ORDER BY hall_id, party
