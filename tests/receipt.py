"""The real log that some tests read; it lies beside the checkout and is no part of the project."""

from pathlib import Path

import pytest

RECEIPT = Path(__file__).parents[2] / "shared" / "data" / "receipt.xes.gz"
needs_receipt = pytest.mark.skipif(
    not RECEIPT.is_file(),
    reason="NOT RUN: the real log is not at ../shared/data/receipt.xes.gz, seen from the checkout;"
    " README names its DOI",
)
