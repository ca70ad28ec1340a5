-- title_zh: 荣誉名额
-- title_en: Honour quotas
-- definition_zh: 有名额的榜单上，每期每类的名额、已授予（不含已撤销）、超额与剩余。善行功德榜五类各六名，共三十名。
-- definition_en: For each class of a board with quotas and each period: its places, how many are taken (revoked ones are not), how many are beyond them and how many are left. The board of good deeds has five classes of six, thirty in all.
-- unit: 名
-- default hall:
-- default period:
-- default quotas: {"good_deeds/dedication": 6, "good_deeds/honesty": 6, "good_deeds/filial_piety": 6, "good_deeds/thrift": 6, "good_deeds/mutual_help": 6}
SELECT hall_id, board, period, class_name,
  quotas[concat(board, '/', class_name)] AS quota,
  countEqual(placed, class_name) AS granted,
  toUInt64(greatest(0, toInt64(granted) - quota)) AS over,
  toUInt64(greatest(0, quota - toInt64(granted))) AS left
FROM (
  SELECT hall_id, board, period, any(quotas) AS quotas, groupArray(of_class) AS placed,
    arrayMap(name -> substring(name, length(board) + 2),
      arrayFilter(name -> startsWith(name, concat(board, '/')), mapKeys(quotas))) AS classes,
    arrayJoin(arrayDistinct(arrayConcat(placed, classes))) AS class_name
  FROM (SELECT *, class_name AS of_class FROM ({{honours}}))
  WHERE is_placed AND {period:String} IN ('', period)
  GROUP BY hall_id, board, period
)
ORDER BY hall_id, board, period, class_name
