"""`python -m producers.calendars [DIR]`: one TOML file per year into DIR.

chinesecalendar is used here and nowhere else; what runs later reads the files, or the events that
`duban apply` makes of them. A new year: upgrade the package, add its notice, run this, apply.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from chinese_calendar.constants import Holiday, holidays, workdays

from duban.launch import SCHEMAS
from producers.calendars.notices import FIRST, NOTICES, Notice

Groups = dict[str, list[date]]
NAMES = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节"}


def year_of(day: date) -> int:
    """Year whose notice sets a day: the last days of December belong to next year's New Year."""
    return day.year + 1 if day.month == 12 and day.day > 15 else day.year


def grouped(days: Mapping[date, str]) -> dict[int, Groups]:
    """Days by the year of their notice and the name of their holiday, in order."""
    years: dict[int, Groups] = defaultdict(dict)
    for day, english in sorted(days.items()):
        chinese = Holiday(english).chinese
        years[year_of(day)].setdefault(NAMES.get(chinese, chinese), []).append(day)
    return years


def text_of(year: int, rest: Groups, work: Groups) -> str:
    """The file of one year: its notice, after the one that it changed, if any."""
    notice = NOTICES.get(year) or Notice("", date(year - 1, 12, 31))
    lines = [f"# {year} 年放假调休安排。由 python -m producers.calendars 生成，改动请发布新版本。"]
    if first := FIRST.get(year):
        before = rest | first.holidays, work | first.makeup_days
        lines += [*_table(year, "0", first.notice, *before), ""]
    return "\n".join(lines + _table(year, "1", notice, rest, work)) + "\n"


def _table(year: int, version: str, notice: Notice, rest: Groups, work: Groups) -> list[str]:
    lines = [
        "[[calendar]]",
        'calendar_id = "cn"',
        f"year = {year}",
        f'version = "{version}"',
        f'doc_no = "{notice.doc_no}"',
        f"published_on = {notice.issued}",
    ]
    for table, groups in (("holidays", rest), ("makeup_days", work)):
        for name, days in groups.items():
            if days:
                listed = ", ".join(map(str, days))
                lines += ["", f"[[calendar.{table}]]", f'name = "{name}"', f"days = [{listed}]"]
    return lines


def write(directory: Path) -> list[Path]:
    """Write every year's file; returns the paths."""
    rest, work = grouped(holidays), grouped(workdays)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for year in sorted(rest):
        path = directory / f"{year}.toml"
        path.write_text(text_of(year, rest[year], work.get(year, {})), encoding="utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SCHEMAS / "reference" / "calendars"
    written = write(target)
    print(f"{len(written)} years written to {target}: {written[0].stem} to {written[-1].stem}")
