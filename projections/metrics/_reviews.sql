-- Reviews of bad ratings (差评闭环), one a row, as their facts stand at {now}: contacted, verified, mended,
-- called back, appealed, closed, all since it was opened last. A review that is opened again before it was mended or
-- closed is the same one, whose term runs on from the first opening. In time is what the clock on mending says (`review_fix`).
SELECT r.*, coalesce(f.outcome, '') IN ('early', 'on_time') AND r.is_rectified AS is_in_time
FROM (
  SELECT hall_id, case_id,
    any(begun) AS opened_at,
    formatDateTime(opened_at, '%Y-%m', {zone:String}) AS opened_month,
    argMaxIf(JSONExtractString(payload, 'about_case_id'), occurred_at,
      event_type = 'NegativeReviewOpened') AS about_case,
    argMaxIf(JSONExtractString(payload, 'about_window_id'), occurred_at,
      event_type = 'NegativeReviewOpened') AS about_window,
    countIf(event_type = 'ReviewContacted' AND JSONExtractBool(payload, 'reached')) > 0
      AS is_contacted,
    argMaxIf(JSONExtractString(payload, 'verdict'), (occurred_at, recorded_at),
      event_type = 'ReviewVerified') AS verdict,
    countIf(event_type = 'ReviewRectified') > 0 AS is_rectified,
    countIf(event_type = 'CallbackDone' AND JSONExtractBool(payload, 'reached')) > 0 AS is_called_back,
    argMaxIf(JSONExtractBool(payload, 'satisfied'), (occurred_at, recorded_at),
      event_type = 'CallbackDone' AND JSONExtractBool(payload, 'reached')) AS is_content,
    countIf(event_type = 'ReviewAppealed') > 0 AS is_appealed,
    argMaxIf(JSONExtractString(payload, 'decision'), (occurred_at, recorded_at),
      event_type = 'ReviewAppealDecided') AS decision,
    countIf(event_type IN ('ReviewClosed', 'CaseClosed')) > 0 AS is_closed
  FROM (
    SELECT *, minIf(occurred_at, event_type = 'NegativeReviewOpened' AND occurred_at > last_ended)
      OVER (PARTITION BY hall_id, case_id) AS begun
    FROM (
      SELECT *, maxIf(occurred_at, occurred_at < last_opened
        AND event_type IN ('ReviewRectified', 'ReviewClosed', 'CaseClosed'))
        OVER (PARTITION BY hall_id, case_id) AS last_ended
      FROM (
        SELECT *, maxIf(occurred_at, event_type = 'NegativeReviewOpened')
          OVER (PARTITION BY hall_id, case_id) AS last_opened
        FROM ({{facts}})
        WHERE event_type IN ('NegativeReviewOpened', 'ReviewContacted', 'ReviewVerified',
          'ReviewRectified', 'CallbackDone', 'ReviewAppealed', 'ReviewAppealDecided',
          'ReviewClosed', 'CaseClosed'))))
  WHERE occurred_at >= last_opened
  GROUP BY hall_id, case_id
  HAVING countIf(event_type = 'NegativeReviewOpened') > 0) AS r
LEFT JOIN (
  SELECT hall_id AS of_hall, case_id AS of_case, argMax(outcome, started_at) AS outcome
  FROM clocks_now
  WHERE kind = 'review_fix' AND NOT is_deleted AND {hall:String} IN ('', of_hall)
  GROUP BY of_hall, of_case
) AS f ON f.of_hall = r.hall_id AND f.of_case = r.case_id
