-- Facts of halls that stand: neither voided nor corrected, by the rules of `duban.standing`. A fact
-- and the corrections of its type that go back to it are one statement: `first_told` names it and
-- `told` has every id that it was told under; of the wordings left the one recorded last is its row.
-- Voidings may be voided in turn: chains of them are followed to the sixteenth link, those of
-- corrections to the sixty-fourth, for facts that correct something: for every fact alike that was
-- most of what the view took.
CREATE OR REPLACE VIEW {database}.hall_facts_now {on_cluster} AS
WITH
  facts AS (
    SELECT *, toString(event_id) AS id, lower(corrects_event_id) AS corrects
    FROM {database}.events FINAL WHERE case_id = ''),
  void AS (
    SELECT hall_id, arrayFold(
      (heard, link) -> arrayFilter(v -> NOT has(heard.2, v.1), voidings), range(16), voidings).2 AS ids
    FROM (
      SELECT hall_id,
        groupArray((id, lower(JSONExtractString(payload, 'voided_event_id')))) AS voidings
      FROM facts WHERE event_type = 'HallFactVoided' GROUP BY hall_id)),
  corrections AS (
    SELECT c.hall_id AS hall_id, mapFromArrays(groupArray(c.id), groupArray(c.corrects)) AS before
    FROM facts AS c LEFT JOIN facts AS t ON t.hall_id = c.hall_id AND t.id = c.corrects
    WHERE c.corrects != '' AND t.event_type IN ('', c.event_type)
    GROUP BY c.hall_id),
  wordings AS (
    SELECT f.hall_id AS hall_id, f.event_type AS event_type,
      arrayFold((path, link) -> if(c.before[path[-1]] IN ('', path), path,
        arrayPushBack(path, c.before[path[-1]])), range(if(f.corrects = '', 0, 64)), [f.id]) AS chain,
      if(c.before[chain[-1]] = '', chain[-1], arrayMin(chain)) AS first_told,
      (f.recorded_at, f.id, f.corrects, has(v.ids, f.id)) AS wording
    FROM facts AS f
    LEFT JOIN corrections AS c ON c.hall_id = f.hall_id
    LEFT JOIN void AS v ON v.hall_id = f.hall_id
    WHERE f.event_type != 'HallFactVoided'),
  statements AS (
    SELECT hall_id, event_type, first_told,
      arraySort(groupArray(wording)) AS wordings,
      arrayFilter(w -> NOT w.4, wordings) AS kept,
      arrayFilter(w -> NOT has(kept.3, w.2), kept) AS last,
      if(empty(last), kept, last)[-1].2 AS stands,
      wordings.2 AS told
    FROM wordings GROUP BY hall_id, event_type, first_told)
SELECT f.* EXCEPT (id, corrects), s.first_told AS first_told, s.told AS told,
  JSONExtractString(f.payload, 'subject') AS subject,
  JSONExtractString(f.payload, 'subject_kind') AS subject_kind
FROM facts AS f
INNER JOIN statements AS s ON s.hall_id = f.hall_id AND s.stands = f.id;
