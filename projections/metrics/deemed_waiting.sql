-- title_zh: 待确认的默认结果
-- title_en: Deemed outcomes that wait
-- definition_zh: 期限届满而无人答复，依法视为受理、同意或者准予延续，尚待人工确认的未结办件数；只有人的确认才改变办件。
-- definition_en: Open cases in which a term ran out in silence, so that acceptance, consent or renewal is deemed, and nobody has confirmed it yet; only a person's confirmation changes a case.
-- unit: 件
-- list waiting: deemed_list
-- default hall:
SELECT countIf(has(anomalies, 'deemed_outcome_waits')) AS waiting
FROM ({{cases}})
WHERE is_open AND NOT historical
