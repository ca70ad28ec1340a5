-- title_zh: 数据存疑信号
-- title_en: Signs to look into
-- definition_zh: 各类存疑信号的条数：先办后录、集中补录、扣除无书面告知、扣除超过告知天数、零时长办结、重复一次性告知、厅内人员以群众身份评价。信号不是结论；补录的历史办件不计。月份按信号所指时间。
-- definition_en: Signals of each kind: entry after the fact, entry in one go, pause without its notice, pause past its expected days, decision at the instant of acceptance, one-time notice repeated, rating in a citizen's name by the hall. A signal proves nothing; imported history does not count. The month is that of the signal.
-- unit: 条
-- list late_entry: integrity_list sign=late_entry
-- list batch_entry: integrity_list sign=batch_entry
-- list pause_no_notice: integrity_list sign=pause_no_notice
-- list pause_overrun: integrity_list sign=pause_overrun
-- list zero_duration: integrity_list sign=zero_duration
-- list repeat_notice: integrity_list sign=repeat_notice
-- list self_rating: integrity_list sign=self_rating
-- default hall:
-- default month:
SELECT
  countIf(sign = 'late_entry') AS late_entry,
  countIf(sign = 'batch_entry') AS batch_entry,
  countIf(sign = 'pause_no_notice') AS pause_no_notice,
  countIf(sign = 'pause_overrun') AS pause_overrun,
  countIf(sign = 'zero_duration') AS zero_duration,
  countIf(sign = 'repeat_notice') AS repeat_notice,
  countIf(sign = 'self_rating') AS self_rating
FROM ({{signs}})
