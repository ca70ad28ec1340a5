-- title_zh: 延误责任（五方）
-- title_en: Delay by party
-- definition_zh: 超期办结的办件中，五方责任链各方造成的延误，以工作分钟计，及其占全部延误的比例；上级机关的时间另列。按决定按时与否的时钟计。月份按办结时间。
-- definition_en: Working minutes of delay that each of the five parties caused in cases that ended late, and its share of all delay; time with a higher authority is a line of its own. Counted on the clock that decides whether the case was on time. The month is that of closing.
-- unit: 分钟
-- list cases: delay_list
-- default hall:
-- default month:
SELECT
  party,
  uniqExact((hall_id, case_id)) AS cases,
  sum(minutes) AS party_minutes,
  sum(party_minutes) OVER () AS all_minutes,
  party_minutes / all_minutes AS share
FROM ({{late_cases}})
GROUP BY party
ORDER BY party_minutes DESC, party
