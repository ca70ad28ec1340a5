"""Numbers and dates of the State Council's holiday notices (国务院办公厅关于…部分节假日安排的通知).

Years before 2008 are left out: their numbers were not verified. A notice that changed an earlier
one is named after it; the date is that of the last one. What the earlier one said is in `FIRST`:
a case that ended between the two was counted by it.
"""

from datetime import date
from typing import NamedTuple


class Notice(NamedTuple):
    """One year's notice: its number, and the day it was issued."""

    doc_no: str
    issued: date


NOTICES: dict[int, Notice] = {
    2008: Notice("国办发明电〔2007〕52号", date(2007, 12, 15)),
    2009: Notice("国办发明电〔2008〕42号", date(2008, 12, 4)),
    2010: Notice("国办发明电〔2009〕27号", date(2009, 12, 8)),
    2011: Notice("国办发明电〔2010〕40号", date(2010, 12, 10)),
    2012: Notice("国办发明电〔2011〕45号", date(2011, 12, 6)),
    2013: Notice("国办发明电〔2012〕33号", date(2012, 12, 8)),
    2014: Notice("国办发明电〔2013〕28号", date(2013, 12, 11)),
    2015: Notice("国办发明电〔2014〕28号、国发明电〔2015〕1号", date(2015, 5, 13)),
    2016: Notice("国办发明电〔2015〕18号", date(2015, 12, 10)),
    2017: Notice("国办发明电〔2016〕17号", date(2016, 12, 1)),
    2018: Notice("国办发明电〔2017〕12号", date(2017, 11, 30)),
    2019: Notice("国办发明电〔2018〕15号、国办发明电〔2019〕3号", date(2019, 3, 22)),
    2020: Notice("国办发明电〔2019〕16号、国办发明电〔2020〕1号", date(2020, 1, 27)),
    2021: Notice("国办发明电〔2020〕27号", date(2020, 11, 25)),
    2022: Notice("国办发明电〔2021〕11号", date(2021, 10, 25)),
    2023: Notice("国办发明电〔2022〕16号", date(2022, 12, 8)),
    2024: Notice("国办发明电〔2023〕7号", date(2023, 10, 25)),
    2025: Notice("国办发明电〔2024〕12号", date(2024, 11, 12)),
    2026: Notice("国办发明电〔2025〕7号", date(2025, 11, 4)),
}


class First(NamedTuple):
    """A notice before another one changed it: days that differ, by the names of their holidays."""

    notice: Notice
    holidays: dict[str, list[date]]
    makeup_days: dict[str, list[date]]


_VICTORY = "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日"
FIRST: dict[int, First] = {
    2015: First(
        Notice("国办发明电〔2014〕28号", date(2014, 12, 16)), {_VICTORY: []}, {_VICTORY: []}
    ),
    2019: First(
        Notice("国办发明电〔2018〕15号", date(2018, 12, 6)),
        {"劳动节": [date(2019, 5, 1)]},
        {"劳动节": []},
    ),
    2020: First(
        Notice("国办发明电〔2019〕16号", date(2019, 11, 21)),
        {"春节": [date(2020, 1, day) for day in range(24, 31)]},
        {"春节": [date(2020, 1, 19), date(2020, 2, 1)]},
    ),
}
