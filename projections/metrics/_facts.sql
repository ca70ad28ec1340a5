-- Facts of cases that stand at {now}: neither voided nor corrected by what stands itself.
SELECT * FROM events_now
WHERE case_id != '' AND event_type != 'EventVoided' AND recorded_at <= {now:DateTime64(3)}
  AND ({hall:String} = '' OR hall_id = {hall:String})
  AND sipHash128(case_id, toString(event_id)) NOT IN ({{gone}})
