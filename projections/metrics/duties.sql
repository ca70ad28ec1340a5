-- title_zh: 代办与志愿队
-- title_en: Agents and volunteers
-- definition_zh: 五个一：每人代理一个项目；三支队伍：每名志愿者参加一至二支。一人一行：agencies 为代办（agent）的件数，teams 为参加的志愿队；flags 为 no_agency（尚无代办）、too_many_teams（超过两支）。月份按事实，空为全部。
-- definition_en: Each person is to act as agent for one project, each volunteer to join one or two teams. One person a row: agencies is for how many cases they are the agent; flags say no_agency or too_many_teams. The month is that of the facts.
-- unit: 人
-- default hall:
-- default month:
SELECT hall_id, staff, uniqExactIf(case_id, case_id != '') AS agencies,
  arraySort(groupUniqArrayIf(team, team != '')) AS teams,
  arrayFilter(flag -> flag != '', [
    if(agencies = 0, 'no_agency', ''), if(length(teams) > 2, 'too_many_teams', '')]) AS flags
FROM (
  SELECT hall_id, JSONExtractString(payload, 'guide') AS staff, case_id, '' AS team, occurred_at
  FROM ({{facts}})
  WHERE event_type = 'GuideAssigned' AND JSONExtractString(payload, 'kind') = 'agent'
  UNION ALL
  SELECT hall_id, subject, '', JSONExtractString(payload, 'team'), occurred_at
  FROM hall_facts_now
  WHERE event_type = 'ActivityHeld' AND subject_kind = 'staff'
    AND JSONExtractString(payload, 'kind') = 'volunteer' AND {hall:String} IN ('', hall_id)
)
WHERE staff != '' AND {month:String} IN ('', formatDateTime(occurred_at, '%Y-%m', {zone:String}))
GROUP BY hall_id, staff
ORDER BY hall_id, staff
