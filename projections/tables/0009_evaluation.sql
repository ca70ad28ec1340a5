-- Several score policies side by side: points and scores say whose they are, and what each axis gave.
-- A key can only grow by a column without a default: '' in `scores` is the default policy, which the
-- views name. Rankings (topic score-state): one row per place, one per measure; a revision stays.
ALTER TABLE {database}.score_points {on_cluster}
  ADD COLUMN IF NOT EXISTS policy_id LowCardinality(String) DEFAULT 'window-month' AFTER period,
  ADD COLUMN IF NOT EXISTS subject_kind LowCardinality(String) DEFAULT 'window' COMMENT 'window, staff, chief_rep, branch, hall' AFTER subject_type,
  ADD COLUMN IF NOT EXISTS axis LowCardinality(String) AFTER rule_id,
  ADD COLUMN IF NOT EXISTS cause_type LowCardinality(String) AFTER cause_event_id,
  ADD COLUMN IF NOT EXISTS cause_recorded_at Nullable(DateTime64(3, '{zone}')) AFTER cause_type,
  MODIFY COLUMN period LowCardinality(String) COMMENT 'YYYY-MM, YYYY-Q1, YYYY-H1 or YYYY in the hall''s zone';

ALTER TABLE {database}.scores {on_cluster}
  ADD COLUMN IF NOT EXISTS policy_id LowCardinality(String) COMMENT 'empty for window-month' AFTER period,
  MODIFY ORDER BY (hall_id, period, subject, policy_id);

ALTER TABLE {database}.scores {on_cluster}
  ADD COLUMN IF NOT EXISTS subject_kind LowCardinality(String) DEFAULT 'window' AFTER subject_type,
  ADD COLUMN IF NOT EXISTS score Float64 DEFAULT least(110., 100. + points) COMMENT 'base, points and axes within the limits' AFTER satisfied,
  ADD COLUMN IF NOT EXISTS axes Map(String, Float64) COMMENT 'what each axis gave' AFTER score,
  ADD COLUMN IF NOT EXISTS grade LowCardinality(String) AFTER axes,
  ADD COLUMN IF NOT EXISTS policy_version LowCardinality(String) AFTER grade,
  MODIFY COLUMN n UInt64 COMMENT 'points that stand';

CREATE TABLE IF NOT EXISTS {database}.rankings {on_cluster} (
  tenant_id LowCardinality(String),
  hall_id LowCardinality(String),
  policy_id LowCardinality(String),
  period LowCardinality(String),
  revision UInt32 COMMENT '0 is the first that was published',
  ranking_id String COMMENT 'event that published or revised it',
  policy_version LowCardinality(String),
  reason LowCardinality(String) COMMENT 'late_fact, correction, appeal; empty for none',
  cut_event_id String COMMENT 'PeriodClosed',
  cut_at DateTime64(3, '{zone}'),
  published_at DateTime64(3, '{zone}'),
  ranked UInt32 COMMENT 'how many have a place',
  subject_kind LowCardinality(String),
  subject LowCardinality(String),
  place UInt32 COMMENT '0 where too few points stand',
  score Float64,
  points Float64,
  n UInt64,
  on_time UInt64,
  late UInt64,
  ratings UInt64,
  satisfied UInt64,
  grade LowCardinality(String),
  sides Array(LowCardinality(String)) COMMENT 'top, bottom, flag, below_minimum',
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  version UInt64
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (hall_id, policy_id, period, revision, subject)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS {database}.ranking_measures {on_cluster} (
  tenant_id LowCardinality(String),
  hall_id LowCardinality(String),
  policy_id LowCardinality(String),
  period LowCardinality(String),
  revision UInt32,
  subject_kind LowCardinality(String),
  subject LowCardinality(String),
  measure LowCardinality(String),
  scope LowCardinality(String),
  because String,
  kafka_topic LowCardinality(String),
  kafka_partition UInt16,
  kafka_offset UInt64,
  version UInt64
) ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (hall_id, policy_id, period, revision, subject, measure, scope, because)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE OR REPLACE VIEW {database}.score_points_now {on_cluster} AS SELECT * FROM {database}.score_points FINAL;

CREATE OR REPLACE VIEW {database}.scores_now {on_cluster} AS
SELECT * REPLACE (if(policy_id = '', 'window-month', policy_id) AS policy_id) FROM {database}.scores FINAL;

CREATE OR REPLACE VIEW {database}.rankings_now {on_cluster} AS
SELECT * FROM {database}.rankings FINAL
WHERE (hall_id, policy_id, period, revision) IN (
  SELECT hall_id, policy_id, period, max(revision) FROM {database}.rankings GROUP BY hall_id, policy_id, period);

CREATE OR REPLACE VIEW {database}.ranking_measures_now {on_cluster} AS
SELECT * FROM {database}.ranking_measures FINAL
WHERE (hall_id, policy_id, period, revision) IN (
  SELECT hall_id, policy_id, period, max(revision) FROM {database}.rankings GROUP BY hall_id, policy_id, period);
