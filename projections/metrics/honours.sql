-- title_zh: 荣誉
-- title_en: Honours
-- definition_zh: 授予的荣誉，一项一行。state 在查询时刻为 held（有效）、expired（到期）或 revoked（已撤销）。cause 为授予时写明的起因事实的编号。flags 中 over_quota 表示超过榜单该类该期名额（quotas，键为「榜/类」）：先授予者占名额，已撤销者让出名额。
-- definition_en: Honours granted, one a row. state at the instant of asking is held, expired or revoked. cause is the id of the fact that was named as its cause. The flag over_quota marks one beyond the places that its class has on its board for the period (quotas, keyed board/class): those granted first have the places, a revoked one gives its place back.
-- unit: 项
-- default hall:
-- default subject:
-- default quotas: {"good_deeds/dedication": 6, "good_deeds/honesty": 6, "good_deeds/filial_piety": 6, "good_deeds/thrift": 6, "good_deeds/mutual_help": 6}
SELECT hall_id, honour_id, subject_kind, subject, kind, level, board, class_name, period,
  granted_at, valid_to, state, cause,
  if(is_placed AND sum(is_placed) OVER (
      PARTITION BY hall_id, board, class_name, period ORDER BY granted_at, recorded_at, honour_id
      ROWS UNBOUNDED PRECEDING) > quotas[concat(board, '/', class_name)],
    ['over_quota'], []) AS flags
FROM ({{honours}})
WHERE {subject:String} IN ('', subject)
ORDER BY granted_at, recorded_at, honour_id
