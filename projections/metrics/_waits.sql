-- Every queue ticket that stands at {now}, with the wait until it was called; one that was called in
-- vain is missed and has no wait.
SELECT i.hall_id AS hall_id, i.case_id AS case_id, i.ticket_no AS ticket_no, i.queue AS queue,
  i.issued_at AS issued_at, c.called_at AS called_at, c.case_id != '' AS is_answered,
  is_answered AND c.is_missed AS is_missed,
  is_answered AND NOT c.is_missed AS is_called,
  if(is_called, greatest(0, dateDiff('second', issued_at, called_at)), 0) AS seconds,
  formatDateTime(i.issued_at, '%Y-%m', {zone:String}) AS issued_month
FROM (
  SELECT hall_id, case_id, JSONExtractString(payload, 'ticket_no') AS ticket_no,
    any(JSONExtractString(payload, 'queue')) AS queue, min(occurred_at) AS issued_at
  FROM ({{facts}}) WHERE event_type = 'QueueTicketIssued'
  GROUP BY hall_id, case_id, ticket_no
) AS i
LEFT JOIN (
  SELECT hall_id, case_id, JSONExtractString(payload, 'ticket_no') AS ticket_no,
    min(occurred_at) AS called_at, min(JSONExtractBool(payload, 'missed')) AS is_missed
  FROM ({{facts}}) WHERE event_type = 'QueueTicketCalled'
  GROUP BY hall_id, case_id, ticket_no
) AS c ON i.hall_id = c.hall_id AND i.case_id = c.case_id AND i.ticket_no = c.ticket_no
