-- title_zh: 评价存疑信号
-- title_en: Ratings to look into
-- definition_zh: self 为厅内人员以群众身份作出的评价；burst 为同一窗口两分钟内收到 count（缺省 5）条以上的评价。信号不是结论；补录的历史评价不计。月份按评价时间。
-- definition_en: self: ratings in a citizen's name by one who acts for the hall; burst: ratings of a window of which count (5) or more came within two minutes. A signal proves nothing; imported history does not count. The month is that of the rating.
-- unit: 条
-- list self: rating_sign_list sign=self
-- list burst: rating_sign_list sign=burst
-- default hall:
-- default month:
-- default count: 5
SELECT countIf(is_self) AS self, countIf(is_burst) AS burst
FROM ({{rating_signs}})
WHERE {month:String} = '' OR has(splitByChar(',', {month:String}), rated_month)
