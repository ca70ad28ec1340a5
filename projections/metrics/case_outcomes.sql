-- title_zh: 办件结果
-- title_en: Outcomes
-- definition_zh: 全部办件按结果：按时（含提前）、超期办结、在办、办结而无时限；办结的非申请事项（项目、投诉、巡查等）另列。按主导时钟（承诺、外定、法定依次）判定。
-- definition_en: All cases by outcome: on time (early included), closed late, open, closed without a due date; those closed that are no applications (projects, complaints, patrols) apart; by the governing clock, promise before imposed before statutory.
-- unit: 件
-- list on_time: case_list set=kept
-- list early: case_list set=early
-- list late: case_list set=late
-- list open: case_list set=open
-- list untimed: case_list set=untimed
-- list other: case_list set=other
-- list cases: case_list set=all
-- default hall:
-- default month:
SELECT
  countIf(is_kept AND in_month) AS on_time,
  countIf(is_early AND in_month) AS early,
  countIf(is_late AND in_month) AS late,
  countIf(is_open AND {month:String} = '') AS open,
  countIf(is_application AND is_closed AND NOT is_timed AND in_month) AS untimed,
  countIf(is_closed AND NOT is_application AND in_month) AS other,
  on_time + late + open + untimed + other AS cases
FROM (SELECT *, {month:String} = '' OR closed_month = {month:String} AS in_month FROM ({{cases}}))
