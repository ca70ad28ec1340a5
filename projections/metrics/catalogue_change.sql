-- title_zh: 事项增减
-- title_en: Change of the catalogue
-- definition_zh: 自 since（当日零时，大厅所在时区）至今（或 until 当日零时）在用事项数的变化：期初、期末、新增、取消及变化率（期末 ÷ 期初 − 1）。
-- definition_en: Items in force at the start of day since and at present, or at the start of day until, in the hall's time zone: before, after, added, removed, and after ÷ before - 1.
-- unit: 项
-- default hall:
-- default until:
-- default domain:
-- default class:
SELECT
  countIf(was) AS items_before,
  countIf(is) AS items_after,
  countIf(is AND NOT was) AS added,
  countIf(was AND NOT is) AS removed,
  toInt64(items_after) - toInt64(items_before) AS difference,
  if(items_before = 0, NULL, items_after / items_before - 1) AS rate
FROM (
  SELECT item_code,
    maxIf(effective_from, is_published AND effective_from <= first_at)
      > maxIf(effective_from, NOT is_published AND effective_from <= first_at) AS was,
    maxIf(effective_from, is_published AND effective_from <= last_at)
      > maxIf(effective_from, NOT is_published AND effective_from <= last_at) AS is,
    argMaxIf(of_class, effective_from, is_published) AS item_class,
    argMaxIf(of_domain, effective_from, is_published) AS item_domain
  FROM (
    SELECT item_code, effective_from, class AS of_class, domain AS of_domain,
      event_type = 'ItemPublished' AS is_published,
      toDateTime64(toDate({since:String}), 3, {zone:String}) AS first_at,
      if({until:String} = '', {now:DateTime64(3)},
        toDateTime64(toDateOrZero({until:String}), 3, {zone:String})) AS last_at
    FROM items_now
    WHERE {hall:String} = '' OR hall_id IN ('', {hall:String})
  )
  GROUP BY item_code
)
WHERE ({domain:String} = '' OR item_domain = {domain:String})
  AND ({class:String} = '' OR item_class = {class:String})
