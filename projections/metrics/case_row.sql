-- title_zh: 办件
-- title_en: One case
-- definition_zh: 一个办件目前的状况。
-- definition_en: What is known of one case now.
-- unit: 件
SELECT * FROM cases_now
WHERE hall_id = splitByChar('/', {case:String})[1] AND case_id = {case:String}
