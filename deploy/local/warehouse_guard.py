"""What one request may say.

An engine in readonly mode still writes `INTO OUTFILE`, reads files with the function `file`, kills
queries and runs several statements in one string. The guard therefore judges the statement as the
engine's own parser prints it, with comments, odd quoting and spacing gone, never the raw text.
"""

import re
from collections import OrderedDict
from collections.abc import Callable

NOT_FOR_READERS = (
    r"file\w*|merge\w*|url\w*|s3\w*|gcs|oss\w*|cosn|hdfs\w*|azure\w*|remote\w*|cluster\w*|python|loop|"
    r"executable|input|dictionary|mysql|postgresql|mongodb|redis|sqlite|jdbc|odbc|delta\w*|hudi\w*|"
    r"iceberg\w*|paimon\w*|arrowflight|fuzz\w+|catboostevaluate|sleep\w*|prometheus\w*|timeseries\w+"
)
_QUOTED = re.compile(
    r"`((?:[^`\\]|\\.|``)*)`|\"((?:[^\"\\]|\\.|\"\")*)\"|'(?:[^'\\]|\\.|'')*'", re.S
)
_CALL = re.compile(rf"(?<![\w.])`?({NOT_FOR_READERS})`?\s*\(", re.I)
_OUTFILE = re.compile(r"\bINTO\s+OUTFILE\b", re.I)
REMEMBERED, LONGEST_REMEMBERED = 1024, 10_000  # statements, characters


class Refused(Exception):
    """The statement is not allowed; `code` is ClickHouse's own number for it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {reason}")
        self.code = code


def refusal(canonical: str) -> str:
    """Why a reader may not run a statement, given as the engine's parser prints it; '' if it may.

    Source of the rule: `docs/decisions` on doors; raw SQL is read-only, one statement.
    """
    bare = _QUOTED.sub(_unquoted, canonical)
    if _OUTFILE.search(bare):
        return "INTO OUTFILE is not allowed here"
    call = _CALL.search(bare)
    if call:
        return f"function {call.group(1)}() is not allowed for readers"
    return ""


def _unquoted(quoted: re.Match[str]) -> str:
    """A quoted name as a bare one, whatever it is made of; a string as an empty one."""
    name = quoted.group(1) if quoted.group(1) is not None else quoted.group(2)
    return "''" if name is None else re.sub(r"\W", "_", name)


class Guard:
    """Remembers what it found out about the statements seen lately."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, str] = OrderedDict()

    def check_reader(
        self, sql: str, read_only: Callable[[str], bool], canonical: Callable[[str], str]
    ) -> None:
        """Raise `Refused` unless `sql` is one statement that only reads our own tables."""
        reason = self._seen.get(sql)
        if reason is None:
            reason = (
                refusal(canonical(sql))
                if read_only(sql)
                else "Cannot execute query in readonly mode: one statement that reads"
            )
            self._remember(sql, reason)
        if reason:
            raise Refused(164, f"{reason}. (READONLY)")

    def _remember(self, sql: str, reason: str) -> None:
        if len(sql) > LONGEST_REMEMBERED:
            return
        self._seen[sql] = reason
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
