-- Signs that a record deserves a look, that stand at {now}; those of imported history are left out.
SELECT *, formatDateTime(at, '%Y-%m', {zone:String}) AS at_month
FROM integrity_now
WHERE ({hall:String} = '' OR hall_id = {hall:String}) AND at <= {now:DateTime64(3)}
  AND NOT historical AND ({month:String} = '' OR has(splitByChar(',', {month:String}), at_month))
