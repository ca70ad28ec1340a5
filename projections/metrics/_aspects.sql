-- Levels that people gave in ratings that count at {now}, one a row by what it is a level of: the whole
-- of what citizens said (all), one of their aspects, the channel it came by; and of every rating its
-- source, since peers, leaders and one's own word are shown beside the citizens' and not counted.
SELECT hall_id, case_id, toString(event_id) AS fact_id, occurred_at,
  formatDateTime(occurred_at, '%Y-%m', {zone:String}) AS rated_month,
  part.1 AS axis, part.2 AS group_name, part.3 AS level, level >= 4 AS is_content
FROM (
  SELECT *, JSONExtractString(payload, 'source') AS source,
    JSONExtractInt(payload, 'level') AS given
  FROM ({{facts}})
  WHERE event_type = 'RatingGiven'
    AND (hall_id, case_id, toString(event_id)) NOT IN ({{set_aside}})
)
ARRAY JOIN arrayConcat([('source', source, given)], if(source != 'mass', [],
  arrayConcat([('all', '', given), ('channel', toString(channel), given)],
    arrayMap(dim -> ('aspect', dim.1, dim.2),
      JSONExtractKeysAndValues(payload, 'dims', 'Int64'))))) AS part
