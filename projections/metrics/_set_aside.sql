-- Ratings that do not count, by the rules of `duban.reviews`: found mistaken or malicious, or an
-- objection against which was upheld, by people, in a case of the rated hall; of each every id that it
-- was told under. A finding is about the review opened last before it, or the first one where none was;
-- of several of one type in a case about one rating the last one is heard.
SELECT r.hall_id, r.rated, arrayJoin(if(empty(s.names), [r.rating], s.names)) AS rating_id
FROM (
  SELECT hall_id, case_id, if(about.2 = '', case_id, about.2) AS rated, about.3 AS rating
  FROM (
    SELECT hall_id, case_id, event_type, actor_role, payload,
      (occurred_at, indexOf(['NegativeReviewOpened', 'ReviewVerified', 'ReviewAppealDecided'], event_type),
        recorded_at, toString(event_id)) AS told,
      (told, JSONExtractString(payload, 'about_case_id'),
        lower(JSONExtractString(payload, 'rating_event_id'))) AS opening,
      arraySort(groupArrayIf(opening, event_type = 'NegativeReviewOpened' AND opening.3 != '')
        OVER (PARTITION BY hall_id, case_id)) AS openings,
      arrayLast(o -> o.1 <= told OR o = openings[1], openings) AS about
    FROM ({{facts}})
    WHERE event_type IN ('NegativeReviewOpened', 'ReviewVerified', 'ReviewAppealDecided')
  )
  WHERE event_type != 'NegativeReviewOpened' AND actor_role != 'system' AND rating != ''
  GROUP BY hall_id, case_id, rated, rating, event_type
  HAVING argMax(if(event_type = 'ReviewVerified',
    JSONExtractString(payload, 'verdict') IN ('mistaken', 'malicious'),
    JSONExtractString(payload, 'decision') = 'upheld'), told)
) AS r
LEFT JOIN (
  SELECT hall_id, case_id, arrayPushBack(groupArrayArray(told), first_told) AS names,
    arrayJoin(names) AS name
  FROM ({{statements}}) GROUP BY hall_id, case_id, first_told
) AS s ON s.hall_id = r.hall_id AND s.case_id = r.rated AND s.name = r.rating
