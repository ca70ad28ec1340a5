-- title_zh: 月评比
-- title_en: Monthly ranking
-- definition_zh: 当月各窗口得分（基础分加得分，不超过上限）与名次；同分同名次；计分次数 n 不足 minimum_n 的不参评。side 为 top（前三）或 bottom（后三，不与前三重复）。
-- definition_en: Score of each window in a month (base plus points, at most the maximum) and its place; ties share a place; fewer than minimum_n postings are not ranked. side is top or bottom three, never both.
-- unit: 分
-- default hall:
-- default base: 100
-- default maximum: 110
-- default minimum_n: 1
-- default count: 3
SELECT *,
  multiIf(place <= {count:UInt16}, 'top', from_below <= {count:UInt16}, 'bottom', '') AS side
FROM (
  SELECT place, hall_id, subject, score, points, n, on_time, late, ratings, satisfied, from_below
  FROM (
    SELECT hall_id, subject, points, n, on_time, late, ratings, satisfied,
      round(least({maximum:Float64}, {base:Float64} + points), 4) AS score,
      rank() OVER (ORDER BY score DESC) AS place,
      rank() OVER (ORDER BY score) AS from_below
    FROM scores_now
    WHERE period = {month:String} AND ({hall:String} = '' OR hall_id = {hall:String})
      AND n >= {minimum_n:UInt64}
  )
)
ORDER BY place, hall_id, subject
