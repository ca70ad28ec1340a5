"""A second reading of the rules of time, slow and plain, that knows nothing of `duban`.

It was written from the law and from the published data, not from the engine: it goes from date to
date and from shift to shift, keeps no tables and shares no code. `tests.model` compares the two.

Where neither the law nor the data say which of two readings holds, these were chosen:

* a clock that a fact starts after the case has ended (told in the wrong order) has ended with it,
  at the instant of that fact: nothing runs on an ended case; but a new matter about it (a bad
  review, an order to rectify) begins after the end, and its clock runs;
* the national calendar of a hall works Monday to Friday and on the days that the notice names, and
  knows none of the days that hall or window gave itself (行政许可法 art. 82); it closes at the
  hall's hours, not the window's, on a weekday of rest at those of the hall's first day of work;
* a term counted back ends at the close of the n-th working day before the day named (art. 48);
* of two pauses on one ground the clock is held once and one ending ends both; an ending that names
  no branch ends those of any; one that names no ground ends the oldest that is not upstream;
* calendar days of rest by which the last day was rolled over are not consumed (民法典 art. 203);
  where business has stopped for that day, the next working day is the last;
* the term of a branch is what the case's last word about the group gives to it;
* a date told after the case has ended binds nothing, unless its kind repeats: then it is a new
  order; a fact that names no date replaces none;
* an outcome by silence is reached when the term ran out unanswered; a confirmation answers when the
  person gives it, not at the day from which it is dated; absence counts only without a reason and
  after the branch had signed for its papers (宜府办发〔2009〕66号).
"""
