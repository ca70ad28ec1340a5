-- title_zh: 待确认的默认结果清单
-- title_en: Deemed outcomes that wait, the list
-- definition_zh: 有默认结果待人工确认的未结办件，等待最久的在前；outcomes、basis 为依法视为的结果和依据。
-- definition_en: Open cases with a deemed outcome that nobody has confirmed yet, the longest waiting first; outcomes and basis say what and why.
-- unit: 件
-- default hall:
-- default limit: 1000
SELECT c.case_id AS case_id, c.hall_id AS hall_id, c.window_id AS window_id,
  c.item_code AS item_code, c.item_name AS item_name, c.status AS status,
  arraySort(groupUniqArrayIf(d.outcome, d.outcome != '')) AS outcomes,
  arraySort(groupUniqArrayIf(d.basis_text, d.outcome != '')) AS basis,
  minOrNullIf(d.at, d.outcome != '') AS reached_at
FROM ({{cases}}) AS c
LEFT JOIN deemed_now AS d ON d.hall_id = c.hall_id AND d.case_id = c.case_id
WHERE has(c.anomalies, 'deemed_outcome_waits') AND c.is_open AND NOT c.historical
GROUP BY case_id, hall_id, window_id, item_code, item_name, status
ORDER BY reached_at, case_id
LIMIT {limit:UInt64}
