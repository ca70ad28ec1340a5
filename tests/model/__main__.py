"""`python -m tests.model --cases 100000`: the engine against the model, on all cores.

Prints how often each event type was drawn and, where the two disagree, the smallest case found.
Exits 1 on a disagreement, and when a type of fact that the contracts know was never drawn.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import Progress

from tests.model import worlds
from tests.model.cases import fact_types
from tests.model.compare import case_of, differences, smallest, tale

SLICE = 500  # cases that share a world


@dataclass
class Report:
    """What some cases came to."""

    cases: int = 0
    drawn: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    tales: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Take in what other cases came to."""
        self.cases += other.cases
        self.drawn += other.drawn
        self.said += other.said
        self.tales += other.tales

    @property
    def missing(self) -> set[str]:
        """Types of facts of a case that no case had."""
        return set(fact_types()) - set(self.drawn)


def run(first: int, count: int, world_seed: int, tales_max: int = 3) -> Report:
    """Compare some cases in one world."""
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        world = worlds.make(world_seed, Path(directory))
        for seed in range(first, first + count):
            case = case_of(seed, world)
            report.cases += 1
            report.drawn += case.drawn
            if differences(case, report.said) and len(report.tales) < tales_max:
                report.tales.append(tale(smallest(case, lambda c: bool(differences(c)))))
    return report


def run_all(cases: int, first: int, processes: int) -> Report:
    """Compare many cases, a slice in each process at a time."""
    report = Report()
    starts = range(first, first + cases, SLICE)
    with ProcessPoolExecutor(processes) as pool, Progress() as progress:
        task = progress.add_task("engine against model", total=cases)
        slices = [pool.submit(run, s, min(SLICE, first + cases - s), s // SLICE) for s in starts]
        for done in as_completed(slices):
            report.add(done.result())
            progress.update(task, completed=report.cases)
            if len(report.tales) > 10:
                pool.shutdown(cancel_futures=True)
                break
    return report


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser()
    options.add_argument("--cases", type=int, default=2_000)
    options.add_argument("--first", type=int, default=0, help="seed of the first case")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    report = run_all(given.cases, given.first, given.processes)
    print(", ".join(f"{name} {count}" for name, count in report.drawn.most_common()))
    print(f"{len(fact_types())} types of facts in the contracts, {len(report.missing)} not drawn")
    print(", ".join(f"{name} {count}" for name, count in report.said.most_common()))
    for told in sorted(report.tales, key=len):
        print(f"\n{told}")
    if report.missing:
        print(f"never drawn: {', '.join(sorted(report.missing))}")
    print(f"{report.cases} cases, {len(report.tales)} disagreements told")
    return 1 if report.tales or report.missing else 0


if __name__ == "__main__":
    sys.exit(main())
