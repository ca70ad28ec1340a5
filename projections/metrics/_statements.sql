-- Facts of cases that were corrected or voided: each with its corrections, which are one statement,
-- by the rules of `duban.standing`. `first_told` names it, `told` has every id that it was
-- told under, `stands` the one whose wording counts (empty where all are void). Voidings and
-- corrections are followed to the sixty-fourth link; voidings that void each other in a ring are heard
-- from the one recorded last.
SELECT hall_id, case_id, event_type, first_told,
  arraySort(groupArray(wording)) AS wordings,
  arrayFilter(w -> NOT w.4, wordings) AS kept,
  arrayFilter(w -> NOT has(kept.3, w.2), kept) AS last,
  if(empty(last), kept, last)[-1].2 AS stands,
  wordings.2 AS told
FROM (
  SELECT hall_id, case_id, fact.3 AS event_type,
    arrayFold((path, link) -> if(before[path[-1]] IN ('', path), path,
      arrayPushBack(path, before[path[-1]])), arraySlice(corrections, 1, 64), [fact.2]) AS chain,
    if(before[chain[-1]] = '', chain[-1], arrayMin(chain)) AS first_told,
    (fact.1, fact.2, fact.4, has(void, fact.2)) AS wording
  FROM (
    SELECT hall_id, case_id,
      arraySort(groupArray((recorded_at, toString(event_id), toString(event_type),
        lower(corrects_event_id), if(event_type = 'EventVoided',
          lower(JSONExtractString(payload, 'voids_event_id')), '')))) AS facts,
      arrayMap(f -> (f.2, f.5), arrayReverseSort(arrayFilter(f -> f.3 = 'EventVoided', facts)))
        AS voidings,
      tupleElement(arrayFold((left_void, link) -> arrayMap(heard -> (
            arrayFilter(v -> NOT has(heard.1, v.1), tupleElement(left_void, 1)),
            arrayConcat(tupleElement(left_void, 2),
              arrayFilter(v -> NOT has(tupleElement(left_void, 2), v.1), heard).2)),
          [if(arrayExists(v -> NOT has(tupleElement(left_void, 1).2, v.1), tupleElement(left_void, 1)),
            arrayFilter(v -> NOT has(tupleElement(left_void, 1).2, v.1), tupleElement(left_void, 1)),
            arraySlice(tupleElement(left_void, 1), 1, 1))])[1],
        arraySlice(voidings, 1, 64), (voidings, emptyArrayString())), 2) AS void,
      mapFromArrays(facts.2, facts.3) AS type_of,
      arrayFilter(f -> f.4 != '' AND type_of[f.4] IN ('', f.3), facts) AS corrections,
      mapFromArrays(corrections.2, corrections.4) AS before
    FROM events_now
    WHERE (hall_id, case_id) IN (
      SELECT hall_id, case_id FROM events
      WHERE case_id != '' AND {hall:String} IN ('', hall_id)
        AND (event_type = 'EventVoided' OR corrects_event_id != ''))
    GROUP BY hall_id, case_id
  )
  ARRAY JOIN arrayFilter(f -> f.3 != 'EventVoided' AND (
    f.4 != '' OR has(corrections.4, f.2) OR has(void, f.2)), facts) AS fact
)
GROUP BY hall_id, case_id, event_type, first_told
