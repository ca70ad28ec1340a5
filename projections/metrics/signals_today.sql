-- title_zh: 今日预警
-- title_en: Warned today
-- definition_zh: 今日（按大厅所在时区）发出过黄牌预警或红牌预警、且未撤回的办件数；提醒、黄牌、红牌各级次数另列。补录的历史办件不计。
-- definition_en: Cases with a yellow or red signal raised today and not retracted; signals of each level apart. Imported history does not count.
-- unit: 件
-- list cases: case_list set=warned
-- list reminder: alerts level=reminder back=0
-- list yellow: alerts level=yellow back=0
-- list red: alerts level=red back=0
-- default hall:
SELECT
  uniqExactIf((hall_id, case_id), level IN ('yellow', 'red')) AS cases,
  countIf(level = 'reminder') AS reminder,
  countIf(level = 'yellow') AS yellow,
  countIf(level = 'red') AS red
FROM alerts_now
WHERE ({hall:String} = '' OR hall_id = {hall:String})
  AND raised_at <= {now:DateTime64(3)}
  AND toDate(raised_at, {zone:String}) = toDate({now:DateTime64(3)}, {zone:String})
  AND state != 'retracted' AND NOT historical
