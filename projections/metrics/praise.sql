-- title_zh: 表扬
-- title_en: Praise
-- definition_zh: 每个对象收到的锦旗、镜匾、表扬信、来电与媒体表扬数（一次可多件）。subject 为空即大厅本身。月份按收到时间。
-- definition_en: Banners, plaques, letters, calls and press that each subject was praised by; one fact may bring several. An empty subject is the hall itself. The month is that of receipt.
-- unit: 件
-- default hall:
-- default month:
SELECT hall_id, subject_kind, subject,
  sumIf(number, kind = 'banner') AS banners,
  sumIf(number, kind = 'plaque') AS plaques,
  sumIf(number, kind = 'letter') AS letters,
  sumIf(number, kind = 'phone') AS calls,
  sumIf(number, kind = 'press') AS press,
  sum(number) AS praises
FROM (
  SELECT *, JSONExtractString(payload, 'kind') AS kind, JSONExtractUInt(payload, 'count') AS number
  FROM hall_facts_now
  WHERE event_type = 'PraiseReceived' AND {hall:String} IN ('', hall_id)
    AND {month:String} IN ('', formatDateTime(occurred_at, '%Y-%m', {zone:String}))
)
GROUP BY hall_id, subject_kind, subject
ORDER BY praises DESC, hall_id, subject_kind, subject
