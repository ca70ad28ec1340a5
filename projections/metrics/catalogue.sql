-- title_zh: 事项目录
-- title_en: Catalogue of items
-- definition_zh: 在用事项数，其中审批、服务事项；承诺以工作日计的事项及其承诺天数之和；申请材料份数之和；进厅、授权到位（厅内可办结）、五公开齐全（事项、依据、规则、程序、结果均公开）的事项数及比例。month 为该月末。
-- definition_en: Items in force, approvals and services among them; those with a promise in working days and the sum of it; documents to hand in; items in the hall, decided in the hall, and with all five disclosures (item, basis, rules, procedure, results), each with its share. month asks for its end.
-- unit: 项
-- list items: catalogue_list set=all
-- list approval: catalogue_list set=approval
-- list service: catalogue_list set=service
-- list promised: catalogue_list set=promised
-- list in_hall: catalogue_list set=in_hall
-- list decided_in_hall: catalogue_list set=decided_in_hall
-- list disclosed: catalogue_list set=disclosed
-- default hall:
-- default month:
-- default base: statutory
-- default domain:
-- default class:
SELECT
  count() AS items,
  countIf(items_.class = 'approval') AS approval,
  countIf(items_.class = 'service') AS service,
  countIf(promise IS NOT NULL AND in_days) AS promised,
  ifNull(sumIf(promise, promise IS NOT NULL AND in_days), 0) AS promise_days,
  if(promised = 0, NULL, promise_days / promised) AS mean_promise,
  sum(items_.materials) AS materials,
  if(items = 0, NULL, materials / items) AS mean_materials,
  countIf(items_.in_hall) AS in_hall,
  if(items = 0, NULL, in_hall / items) AS in_hall_rate,
  countIf(items_.decides_in_hall) AS decided_in_hall,
  if(items = 0, NULL, decided_in_hall / items) AS decided_in_hall_rate,
  countIf(is_disclosed) AS disclosed,
  if(items = 0, NULL, disclosed / items) AS disclosed_rate
FROM ({{items}}) AS items_
