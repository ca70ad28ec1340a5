-- Points (topic score-points): one row per posting, opposite points take one back. Standings (topic
-- score-state): one absolute row per subject and month.
CREATE TABLE IF NOT EXISTS {database}.score_points {on_cluster} (
  tenant_id LowCardinality(String),
  hall_id LowCardinality(String),
  period LowCardinality(String) COMMENT 'YYYY-MM in the hall''s zone',
  subject_type LowCardinality(String) COMMENT 'window, staff',
  subject LowCardinality(String),
  point_id String,
  rule_id LowCardinality(String),
  points Float64,
  cause_event_id String,
  case_id String,
  at DateTime64(3, '{zone}'),
  reverses String COMMENT 'posting that this one takes back; empty for none',
  score_policy_version LowCardinality(String),
  historical Bool,
  ingested_at DateTime64(3, '{zone}'),
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  version UInt64,
  INDEX by_offset kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (hall_id, period, subject, point_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS {database}.scores {on_cluster} (
  tenant_id LowCardinality(String),
  hall_id LowCardinality(String),
  period LowCardinality(String),
  subject_type LowCardinality(String),
  subject LowCardinality(String),
  points Float64,
  n UInt64 COMMENT 'cases closed',
  on_time UInt64,
  late UInt64,
  ratings UInt64,
  satisfied UInt64,
  version UInt64,
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  INDEX by_offset kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (hall_id, period, subject)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
