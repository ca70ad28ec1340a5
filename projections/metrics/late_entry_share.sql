-- title_zh: 先办后录率
-- title_en: Late-entry share
-- definition_zh: 录入时间比发生时间晚于政策限额（工作分钟）的事实，占全部办件事实的比例。补录的历史办件不计。月份按录入时间。
-- definition_en: Facts of cases recorded more working minutes after they occurred than the policy allows, as a share of all facts of cases. Imported history does not count. The month is that of recording.
-- unit: 比率
-- list late: integrity_list sign=late_entry
-- default hall:
-- default month:
WITH (
  SELECT countIf(sign = 'late_entry') FROM ({{signs}})
) AS signalled
SELECT
  signalled AS late,
  count() AS facts,
  if(facts = 0, NULL, late / facts) AS rate
FROM events_now
WHERE case_id != '' AND NOT historical
  AND ({hall:String} = '' OR hall_id = {hall:String}) AND recorded_at <= {now:DateTime64(3)}
  AND ({month:String} = '' OR formatDateTime(recorded_at, '%Y-%m', {zone:String}) = {month:String})
