-- title_zh: 四个一样清单
-- title_en: Fairness, the cases
-- definition_zh: 某一维度（axis）某一组（group_name）的申请。
-- definition_en: The applications of one group (group_name) on one axis.
-- unit: 件
-- default hall:
-- default month:
-- default axis: hour
-- default group_name: busy
-- default set: all
-- default limit: 1000
SELECT case_id, hall_id, window_id, item_name, accepted_at, due_at, closed_at, outcome
FROM ({{groups}}) AS found
WHERE has(memberships, ({axis:String}, {group_name:String}))
  AND multiIf({set:String} = 'all', true, {set:String} = 'kept', is_kept,
    throwIf(true, 'no such set of cases'))
ORDER BY accepted_at, case_id
LIMIT {limit:UInt64}
