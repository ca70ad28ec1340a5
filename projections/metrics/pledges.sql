-- title_zh: 公开承诺
-- title_en: Pledges made public
-- definition_zh: 支部、人员、窗口的承诺公开在哪些地方，一个对象一行：上桌 desk、上墙 wall、上网 web、上报 paper、上电视 tv、上宣传册 brochure，六处；missing 为还没有的。未作废的全部累计，as_of 为最近一次。
-- definition_en: Where the pledge of a branch, a person or a window is public, one a row: desk, wall, web, paper, tv, brochure, six places; missing are those not yet. All that stand count together; as_of is the latest.
-- unit: 个
-- default hall:
SELECT hall_id, subject_kind, subject, arraySort(groupUniqArrayArray(listed)) AS places,
  arrayFilter(place -> NOT has(places, place),
    ['desk', 'wall', 'web', 'paper', 'tv', 'brochure']) AS missing,
  max(occurred_at) AS as_of
FROM (
  SELECT *, JSONExtract(payload, 'places', 'Array(String)') AS listed FROM hall_facts_now
  WHERE event_type = 'PledgePublished' AND {hall:String} IN ('', hall_id))
GROUP BY hall_id, subject_kind, subject
ORDER BY length(missing) DESC, hall_id, subject_kind, subject
