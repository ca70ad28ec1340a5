-- title_zh: 跨办件集中补录
-- title_en: Batch entry across cases
-- definition_zh: 同一人在同一分钟内为多个办件（缺省 3 个以上）录入、所称发生时间前后相差超过 hours 小时（缺省 24）的批次数，及涉及的事实和办件数。补录的历史办件不计。月份按录入时间。
-- definition_en: Batches in which one person recorded facts of several cases (3 or more by default) within one minute that are said to have happened more than hours apart (24 by default), with the facts and cases in them. Imported history does not count. The month is that of recording.
-- unit: 批
-- list facts: batch_entry_list
-- default hall:
-- default month:
-- default cases: 3
-- default hours: 24
SELECT
  uniqExact((hall_id, actor_id, minute)) AS batches,
  count() AS facts,
  uniqExact((hall_id, case_id)) AS cases_in_them
FROM ({{batches}})
