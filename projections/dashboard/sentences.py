"""Numbers as people say them: 1,284, 99.94 %, +4; instants and spans are `duban.sentences`."""

from duban.sentences import HOUR, WEEKDAYS, Speaker

__all__ = ["HOUR", "WEEKDAYS", "Speaker", "growth", "number", "percent", "signed"]

NBSP = "\u00a0"


def number(value: float | None) -> str:
    """1,284; a missing figure is a dash."""
    return "—" if value is None else f"{value:,.0f}"


def percent(part: int, whole: int) -> str:
    """99.94 % near a hundred, 87.5 % elsewhere, 100 % only when it is all of them."""
    if not whole:
        return "—"
    share = 100 * part / whole
    if part == whole or part == 0:
        return f"{share:.0f}{NBSP}%"
    decimals = 2 if share >= 98 or share < 1 else 1
    least = 10.0**-decimals
    return f"{max(least, min(100 - least, share)):.{decimals}f}{NBSP}%"


def signed(value: float, decimals: int = 0) -> str:
    """+4, −5, +0.02, with a real minus sign."""
    if not value:
        return "0"
    return f"{'+' if value > 0 else '−'}{abs(value):,.{decimals}f}"


def growth(now: float, before: float) -> str:
    """+4.2 % against what it was before; a difference in pieces where the base is small."""
    if before < 20:
        return signed(now - before)
    return f"{signed(100 * (now - before) / before, 1)}{NBSP}%"
