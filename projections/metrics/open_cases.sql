-- title_zh: 在办件
-- title_en: Open cases
-- definition_zh: 尚未办结的办件数；其中停表（依法不计时或转报在途）与事项未知的另列。
-- definition_en: Cases not closed; those whose clock stands still, and those of an unknown item, apart.
-- unit: 件
-- list open: case_list set=open
-- list held: case_list set=held
-- list no_policy: case_list set=no_policy
-- default hall:
SELECT
  countIf(is_open) AS open,
  countIf(is_open AND is_held) AS held,
  countIf(is_open AND policy_state = 'no_policy') AS no_policy
FROM ({{cases}})
