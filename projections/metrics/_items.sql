-- Items in force at {now}, or at the end of {month} where that is over: of each the newest version
-- that has taken effect, unless it was withdrawn since. Of versions with one date the higher one.
SELECT *,
  unit = 'working_day' AS in_days,
  multiIf({base:String} = 'statutory', statutory, {base:String} = 'upper', upper,
    {base:String} = 'previous', if(previous_unit = unit, previous_promise, NULL),
    throwIf(true, 'base is statutory, upper or previous')) AS base_days,
  promise IS NOT NULL AND in_days AND base_days IS NOT NULL AS is_based_term,
  item_code IN (SELECT item_code FROM cases_now WHERE (hall_id, case_id) IN (
    SELECT hall_id, case_id FROM ({{facts}}) WHERE event_type = 'ResultPublished')) AS is_shown,
  name != '' AND is_based AND is_ruled AND is_ordered AND is_shown AS is_disclosed
FROM (
  SELECT *,
    arrayMap(p -> (toUInt64OrZero(p), if(toUInt64OrNull(p) IS NULL, p, '')),
      splitByChar('.', replaceAll(item_version, '-', '.'))) AS version_order,
    lagInFrame(promise) OVER (PARTITION BY item_code ORDER BY effective_from, version_order
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous_promise,
    lagInFrame(unit) OVER (PARTITION BY item_code ORDER BY effective_from, version_order
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous_unit,
    row_number() OVER (PARTITION BY item_code
      ORDER BY effective_from DESC, version_order DESC) AS newest
  FROM items_now
  WHERE event_type = 'ItemPublished' AND ({hall:String} = '' OR hall_id IN ('', {hall:String}))
    AND effective_from <= if({month:String} = '', {now:DateTime64(3)}, least({now:DateTime64(3)},
      toDateTime64(addMonths(toDate(concat({month:String}, '-01')), 1), 3, {zone:String})))
  QUALIFY newest = 1
) AS published
LEFT JOIN (
  SELECT item_code, max(effective_from) AS withdrawn_at FROM items_now
  WHERE event_type = 'ItemWithdrawn'
    AND effective_from <= if({month:String} = '', {now:DateTime64(3)}, least({now:DateTime64(3)},
      toDateTime64(addMonths(toDate(concat({month:String}, '-01')), 1), 3, {zone:String})))
  GROUP BY item_code
) AS withdrawn USING (item_code)
WHERE (withdrawn_at < effective_from)
  AND ({domain:String} = '' OR domain = {domain:String})
  AND ({class:String} = '' OR class = {class:String})
