-- What managers ask: the rows that stand. Without FINAL a row may be seen twice.
CREATE OR REPLACE VIEW {database}.events_now {on_cluster} AS SELECT * FROM {database}.events FINAL;

CREATE OR REPLACE VIEW {database}.sla_events_now {on_cluster} AS SELECT * FROM {database}.sla_events FINAL;

CREATE OR REPLACE VIEW {database}.cases_now {on_cluster} AS SELECT * FROM {database}.cases FINAL;

CREATE OR REPLACE VIEW {database}.clocks_now {on_cluster} AS SELECT * FROM {database}.clocks FINAL;

CREATE OR REPLACE VIEW {database}.score_points_now {on_cluster} AS SELECT * FROM {database}.score_points FINAL;

CREATE OR REPLACE VIEW {database}.scores_now {on_cluster} AS SELECT * FROM {database}.scores FINAL;

CREATE OR REPLACE VIEW {database}.dead_letters_now {on_cluster} AS SELECT * FROM {database}.dead_letters FINAL;

CREATE OR REPLACE VIEW {database}.alerts_now {on_cluster} AS
SELECT
  hall_id,
  alert_id,
  any(a.tenant_id) AS tenant_id,
  any(a.case_id) AS case_id,
  argMin(a.window_id, a.version) AS window_id,
  any(a.clock_id) AS clock_id,
  any(a.clock_kind) AS clock_kind,
  argMin(a.level, a.version) AS level,
  argMin(a.rung, a.version) AS rung,
  argMin(a.due_at, a.version) AS due_at,
  argMin(a.item_name, a.version) AS item_name,
  argMax(a.to_roles, a.version) AS to_roles,
  max(a.historical) AS historical,
  minIf(toNullable(a.at), a.event_type IN ('AlertRaised', 'AlertEscalated')) AS raised_at,
  minIf(toNullable(a.at), a.event_type = 'AlertNoted') AS acknowledged_at,
  maxIf(a.acknowledged_by, a.event_type = 'AlertNoted') AS acknowledged_by,
  uniqExactIf(a.event_id, a.event_type = 'AlertEscalated') AS escalations,
  minIf(toNullable(a.at), a.event_type = 'AlertCleared') AS cleared_at,
  minIf(toNullable(a.at), a.event_type = 'AlertRetracted') AS retracted_at,
  maxIf(a.version, a.event_type IN ('AlertRaised', 'AlertEscalated')) AS last_raised,
  multiIf(
    maxIf(a.version, a.event_type = 'AlertRetracted') > last_raised, 'retracted',
    maxIf(a.version, a.event_type = 'AlertCleared') > last_raised, 'cleared',
    maxIf(a.version, a.event_type = 'AlertNoted') > last_raised, 'acknowledged',
    'raised') AS state,
  max(a.version) AS version
FROM {database}.alerts AS a
GROUP BY hall_id, alert_id;
