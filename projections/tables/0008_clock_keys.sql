-- Clocks of one kind side by side: which branch or step each is for.
ALTER TABLE {database}.clocks {on_cluster}
  ADD COLUMN IF NOT EXISTS clock_key LowCardinality(String) COMMENT 'branch or step; empty where a case has one clock of the kind' AFTER kind;

CREATE OR REPLACE VIEW {database}.clocks_now {on_cluster} AS SELECT * FROM {database}.clocks FINAL;
