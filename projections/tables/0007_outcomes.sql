-- What stands of outcomes, delays and signs (in `sla_events`): what was said less what was taken
-- back. A part of a delay is taken back by its opposite, so parts are added up.
CREATE OR REPLACE VIEW {database}.delays_now {on_cluster} AS
SELECT
  hall_id, case_id, clock_id, clock_kind,
  JSONExtractString(payload, 'step') AS step,
  JSONExtractString(payload, 'org') AS org,
  JSONExtractString(payload, 'staff') AS staff,
  JSONExtractString(payload, 'party') AS party,
  sum(JSONExtractInt(payload, 'minutes')) AS minutes,
  max(occurred_at) AS at,
  any(JSONExtractString(payload, 'item_code')) AS item_code,
  any(window_id) AS window_id,
  max(historical) AS historical
FROM {database}.sla_events_now
WHERE event_type = 'DelayAttributed'
GROUP BY hall_id, case_id, clock_id, clock_kind, step, org, staff, party
HAVING minutes > 0;

CREATE OR REPLACE VIEW {database}.deemed_now {on_cluster} AS
SELECT
  hall_id, case_id, clock_id, clock_kind,
  JSONExtractString(payload, 'outcome') AS outcome,
  JSONExtractString(payload, 'branch_id') AS branch_id,
  JSONExtractString(payload, 'basis_text') AS basis_text,
  occurred_at AS at,
  any(JSONExtractString(payload, 'item_code')) AS item_code,
  any(window_id) AS window_id,
  max(historical) AS historical
FROM {database}.sla_events_now
WHERE event_type IN ('DeemedOutcomeReached', 'DeemedOutcomeRetracted')
GROUP BY hall_id, case_id, clock_id, clock_kind, outcome, branch_id, basis_text, at
HAVING countIf(event_type = 'DeemedOutcomeReached') > countIf(event_type = 'DeemedOutcomeRetracted');

CREATE OR REPLACE VIEW {database}.integrity_now {on_cluster} AS
SELECT
  hall_id, case_id,
  JSONExtractString(payload, 'signal') AS sign,
  JSONExtractString(payload, 'about_event_id') AS about_event_id,
  JSONExtract(payload, 'minutes', 'Nullable(Int64)') AS minutes,
  JSONExtractString(payload, 'detail') AS detail,
  min(occurred_at) AS at,
  any(JSONExtractString(payload, 'item_code')) AS item_code,
  any(window_id) AS window_id,
  max(historical) AS historical
FROM {database}.sla_events_now
WHERE event_type IN ('IntegritySignal', 'IntegrityRetracted')
GROUP BY hall_id, case_id, sign, about_event_id, minutes, detail
HAVING countIf(event_type = 'IntegritySignal') > countIf(event_type = 'IntegrityRetracted');
