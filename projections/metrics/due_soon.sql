-- title_zh: 即将到期
-- title_en: Due soon
-- definition_zh: 尚未超期，但已发到期提醒、或 24 小时内到期的在办件；依法停表的不计。
-- definition_en: Open cases not yet overdue that had a reminder or fall due within 24 hours; those whose clock stands still do not count.
-- unit: 件
-- list due_soon: case_list set=due_soon
-- default hall:
SELECT countIf(is_due_soon) AS due_soon FROM ({{cases}})
