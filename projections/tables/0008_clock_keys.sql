-- Clocks of one kind side by side: which branch or step each is for; and what each used up in all.
ALTER TABLE {database}.clocks {on_cluster}
  ADD COLUMN IF NOT EXISTS clock_key LowCardinality(String) COMMENT 'branch or step; empty where a case has one clock of the kind' AFTER kind,
  ADD COLUMN IF NOT EXISTS units_used Int64 COMMENT 'units used up; a working day begun is a day used' AFTER consumed;

CREATE OR REPLACE VIEW {database}.clocks_now {on_cluster} AS SELECT * FROM {database}.clocks FINAL;
