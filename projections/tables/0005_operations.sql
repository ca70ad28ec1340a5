-- What could not be read (topic dead-letters), and how far business time has come on each partition
-- where producers write ClockTicked (demo, tests).
CREATE TABLE IF NOT EXISTS {database}.dead_letters {on_cluster} (
  source_topic LowCardinality(String),
  source_partition UInt16,
  source_offset UInt64,
  reason LowCardinality(String),
  detail String,
  consumer LowCardinality(String),
  at DateTime64(3, '{zone}'),
  record_key String COMMENT 'base64 of the original key',
  record_value String COMMENT 'base64 of the original value' CODEC(ZSTD(3)),
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  version UInt64,
  INDEX by_offset kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS {database}.business_clock {on_cluster} (
  kafka_partition UInt16,
  at DateTime64(3, '{zone}'),
  version UInt64 COMMENT 'epoch milliseconds of `at`'
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY kafka_partition;
