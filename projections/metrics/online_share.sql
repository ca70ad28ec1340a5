-- title_zh: 网上办理率
-- title_en: Online share
-- definition_zh: 由网上、移动端、社区网上站点提交的 ÷ 全部已受理的申请。月份按受理时间。month 可为多个月，以逗号相连。
-- definition_en: Applications filed online, by mobile or through a community's online desk ÷ all accepted applications. The month (or months, joined by commas) is that of acceptance.
-- unit: 比率
-- default hall:
-- default month:
SELECT
  countIf(channel IN ('online', 'mobile', 'community')) AS online,
  count() AS accepted,
  if(accepted = 0, NULL, online / accepted) AS rate
FROM (
  SELECT *, formatDateTime(accepted_at, '%Y-%m', {zone:String}) AS accepted_month
  FROM ({{cases}}) WHERE is_application AND was_accepted
)
WHERE {month:String} = ''
  OR has(splitByChar(',', {month:String}), assumeNotNull(accepted_month))
