"""Cells as JSON and tables have them: instants in ISO 8601 with offset, ids as text."""

import math
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def plain(cell: Any) -> Any:
    """A value that JSON can hold; a number that JSON cannot write becomes null."""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="milliseconds")
    if isinstance(cell, date | uuid.UUID):
        return str(cell)
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    if isinstance(cell, list | tuple):
        return [plain(part) for part in cell]
    if isinstance(cell, dict):
        return {str(key): plain(value) for key, value in cell.items()}
    return cell
