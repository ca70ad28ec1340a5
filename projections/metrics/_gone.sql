-- Facts of cases that stand no more: voided, or another wording of theirs counts. By case and id, since
-- no case speaks of another one's facts; as one value, since a set of tuples takes half as long again.
SELECT sipHash128(case_id, arrayJoin(arrayFilter(id -> id != stands, told))) FROM ({{statements}})
