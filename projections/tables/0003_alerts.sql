-- What happened to warnings (topic alerts): one row per event. What a warning is now, see the view
-- `alerts_now`: it folds rows with functions that a doubled row does not change.
CREATE TABLE IF NOT EXISTS {database}.alerts {on_cluster} (
  tenant_id LowCardinality(String),
  hall_id LowCardinality(String),
  alert_id String,
  event_id UUID,
  event_type LowCardinality(String) COMMENT 'AlertRaised, AlertNoted, AlertEscalated, AlertCleared, AlertRetracted',
  case_id String,
  window_id LowCardinality(String),
  clock_id String,
  clock_kind LowCardinality(String),
  level LowCardinality(String) COMMENT 'reminder, yellow, red, escalate',
  rung LowCardinality(String),
  due_at Nullable(DateTime64(3, '{zone}')),
  at DateTime64(3, '{zone}') COMMENT 'business instant of what happened',
  to_roles Array(LowCardinality(String)),
  item_name LowCardinality(String),
  reason LowCardinality(String),
  acknowledged_by String,
  historical Bool,
  occurred_at DateTime64(3, '{zone}'),
  ingested_at DateTime64(3, '{zone}'),
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  version UInt64,
  INDEX by_offset kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (hall_id, alert_id, event_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
