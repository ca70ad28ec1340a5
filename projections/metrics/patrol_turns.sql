-- title_zh: 巡查轮值
-- title_en: Turns of patrols
-- definition_zh: 四方巡查的每一个轮次：轮到哪一方、何人，应在何时完成。state 为 done（按时）、late（迟到）、missed（漏巡：过时而无巡查记录）、due（未到时）；is_repeat 表示同一方连续两轮，没有轮换。月份按应完成时间。
-- definition_en: Every turn of the four parties: whose it is, of which person, by when. state is done, late, missed (its time is over and no round was told of) or due; is_repeat says that the party of the turn before has this one too. The month is that of the due instant.
-- unit: 次
-- default hall:
-- default month:
SELECT hall_id, due_at, party, staff, state, done_at, is_repeat, case_id
FROM ({{turns}})
WHERE {month:String} = ''
  OR has(splitByChar(',', {month:String}), formatDateTime(due_at, '%Y-%m', {zone:String}))
ORDER BY due_at, hall_id, case_id, party
