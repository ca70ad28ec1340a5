-- Facts as they lie on Kafka: case-events and hall-events in `events`, what the clocks did in
-- `sla_events`. One row per event id; of two bodies under one id the one recorded first stands,
-- which is what `version` says. Instants are epoch milliseconds, shown in the zone of the halls.
CREATE TABLE IF NOT EXISTS {database}.events {on_cluster} (
  tenant_id LowCardinality(String),
  hall_id LowCardinality(String),
  case_id String COMMENT 'empty where the fact is about no case',
  event_id UUID,
  event_type LowCardinality(String),
  subject_type LowCardinality(String),
  subject_id String,
  seq UInt64,
  occurred_at DateTime64(3, '{zone}'),
  recorded_at DateTime64(3, '{zone}'),
  actor_id String,
  actor_role LowCardinality(String),
  org_id LowCardinality(String),
  window_id LowCardinality(String),
  channel LowCardinality(String),
  causation_id String,
  correlation_id String,
  corrects_event_id String,
  basis String COMMENT 'JSON object: law, article, doc_no; empty where none is named',
  evidence String COMMENT 'JSON array of kind, uri, sha256; empty where there is none',
  note String,
  historical Bool,
  payload String COMMENT 'JSON object of the fields beyond the envelope' CODEC(ZSTD(3)),
  ingested_at DateTime64(3, '{zone}') COMMENT 'when the broker wrote it down',
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  version UInt64,
  INDEX by_offset kafka_offset TYPE minmax GRANULARITY 1,
  INDEX by_time occurred_at TYPE minmax GRANULARITY 1
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (hall_id, case_id, event_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS {database}.sla_events {on_cluster} (
  tenant_id LowCardinality(String),
  hall_id LowCardinality(String),
  case_id String,
  event_id UUID,
  event_type LowCardinality(String),
  occurred_at DateTime64(3, '{zone}'),
  recorded_at DateTime64(3, '{zone}'),
  causation_id String,
  historical Bool,
  clock_id String,
  clock_kind LowCardinality(String),
  level LowCardinality(String) COMMENT 'of signals: reminder, yellow, red',
  window_id LowCardinality(String),
  due_at Nullable(DateTime64(3, '{zone}')),
  payload String CODEC(ZSTD(3)),
  ingested_at DateTime64(3, '{zone}'),
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  version UInt64,
  INDEX by_offset kafka_offset TYPE minmax GRANULARITY 1,
  INDEX by_time occurred_at TYPE minmax GRANULARITY 1
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (hall_id, case_id, event_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
