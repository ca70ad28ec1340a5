-- The catalogue: every published version of an item, and withdrawals, from topic `reference`. What
-- is in force when is asked of these rows; nothing of it is stored.
CREATE TABLE IF NOT EXISTS {database}.items {on_cluster} (
  tenant_id LowCardinality(String),
  hall_id LowCardinality(String) COMMENT 'empty: of all halls',
  item_code String,
  item_version String,
  event_id UUID,
  event_type LowCardinality(String) COMMENT 'ItemPublished or ItemWithdrawn',
  effective_from DateTime64(3, '{zone}'),
  name String,
  class LowCardinality(String) COMMENT 'approval, service',
  domain LowCardinality(String),
  level LowCardinality(String),
  case_class LowCardinality(String),
  window_id LowCardinality(String),
  statutory Nullable(UInt32) COMMENT 'days the law allows',
  upper Nullable(UInt32) COMMENT 'days a higher authority allows',
  promise Nullable(UInt32) COMMENT 'term the hall promises, in unit',
  unit LowCardinality(String),
  materials UInt32 COMMENT 'documents to hand in',
  required UInt32 COMMENT 'of them those without which nothing is accepted',
  is_based Bool COMMENT 'its laws are named',
  is_ruled Bool COMMENT 'its rules are written',
  is_ordered Bool COMMENT 'its procedure or steps are written',
  in_hall Bool,
  decides_in_hall Bool,
  recorded_at DateTime64(3, '{zone}'),
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  version UInt64,
  INDEX by_offset kafka_offset TYPE minmax GRANULARITY 1
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (hall_id, item_code, item_version, event_type)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE OR REPLACE VIEW {database}.items_now {on_cluster} AS SELECT * FROM {database}.items FINAL;
