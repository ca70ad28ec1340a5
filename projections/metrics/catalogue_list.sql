-- title_zh: 事项清单
-- title_en: Items
-- definition_zh: 某个数字背后的在用事项：承诺、基数、材料、进厅与公开情况。
-- definition_en: The items behind a figure: promise, base, documents, whether in the hall and disclosed.
-- unit: 项
-- default hall:
-- default month:
-- default base: statutory
-- default domain:
-- default class:
-- default set: all
-- default limit: 1000
SELECT item_code, hall_id, name, item_version, class, domain, window_id, promise, unit, base_days,
  materials, in_hall, decides_in_hall, is_based, is_ruled, is_ordered, is_shown, is_disclosed
FROM ({{items}}) AS items_
WHERE multiIf(
    {set:String} = 'all', true,
    {set:String} = 'approval', items_.class = 'approval',
    {set:String} = 'service', items_.class = 'service',
    {set:String} = 'promised', promise IS NOT NULL AND in_days,
    {set:String} = 'based', is_based_term,
    {set:String} = 'unbased', NOT is_based_term,
    {set:String} = 'in_hall', in_hall,
    {set:String} = 'decided_in_hall', decides_in_hall,
    {set:String} = 'disclosed', is_disclosed,
    throwIf(true, 'no such set of items'))
ORDER BY item_code
LIMIT {limit:UInt64}
