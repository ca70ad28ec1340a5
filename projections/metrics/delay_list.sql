-- title_zh: 延误清单
-- title_en: Delays, the list
-- definition_zh: 超期办结的办件中，某一方（party，空为各方）造成的延误：每个办件一行，延误最久的在前；steps 为所在环节。
-- definition_en: Cases that ended late with what one party (all, if empty) caused of the delay, one row a case, the longest first; steps says where.
-- unit: 件
-- default hall:
-- default month:
-- default party:
-- default limit: 1000
SELECT case_id, hall_id, any(window_id) AS window, any(item_code) AS item, any(item_name) AS name,
  any(due_at) AS due, any(closed_at) AS closed, sum(minutes) AS party_minutes,
  any(late_minutes) AS all_minutes, arraySort(groupUniqArray(step)) AS steps,
  arraySort(groupUniqArray(org)) AS orgs
FROM ({{late_cases}})
WHERE {party:String} = '' OR party = {party:String}
GROUP BY hall_id, case_id
ORDER BY party_minutes DESC, case_id
LIMIT {limit:UInt64}
