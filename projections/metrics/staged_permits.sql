-- title_zh: 先行施工节省工作日
-- title_en: Working days saved by staged permits
-- definition_zh: 阶段性许可（桩基先行）自批准至整体准予之间的工作日，即开工提前的天数：平均、最少、最多及件数。整体未决定或未准予的不计入。月份按阶段许可批准时间。
-- definition_en: Working days between the permit of a stage and the approval of the whole, by which work began earlier: mean, least, most and number. Stages whose whole is not decided, or not approved, do not count. The month is that of the staged permit.
-- unit: 个工作日
-- list granted: staged_list set=all
-- list decided: staged_list set=decided
-- list waiting: staged_list set=waiting
-- default hall:
-- default month:
SELECT
  count() AS granted,
  countIf(is_decided) AS decided,
  countIf(is_open) AS waiting,
  if(decided = 0, NULL, sumIf(saved_days, is_decided) / decided) AS mean_days,
  if(decided = 0, NULL, minIf(saved_days, is_decided)) AS least_days,
  if(decided = 0, NULL, maxIf(saved_days, is_decided)) AS most_days
FROM ({{staged}})
WHERE {month:String} = '' OR granted_month = {month:String}
