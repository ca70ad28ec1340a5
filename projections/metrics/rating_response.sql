-- title_zh: 各窗口评价参与率
-- title_en: Response rate of windows
-- definition_zh: 各窗口在一段时间内的邀评 invited，其中收到群众评价的 answered；口径同评价参与率。
-- definition_en: For each window the invitations to rate of a stretch of time, and of these those that a citizen answered; defined as the response rate is.
-- unit: 比率
-- default hall:
-- default since: 0.000
-- default until: 7258118400.000
SELECT hall_id, window_id AS subject, countIf(is_answered) AS answered, count() AS invited,
  if(invited = 0, NULL, answered / invited) AS rate
FROM ({{invitations}})
WHERE invited_at >= {since:DateTime64(3)} AND invited_at < {until:DateTime64(3)}
GROUP BY hall_id, window_id
ORDER BY hall_id, window_id
