"""`python -m tests.faults [NUMBER …] [--long] [--list]` runs fault tests one by one.

Says PASSED, FAILED or SKIPPED of each by name, with the reason, and how many ran in the end.
Exits 1 when one failed.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.faults.catalogue import BY_NUMBER, CATALOGUE, Fault
from tests.faults.scene import Scene, Skipped


def listed(fault: Fault) -> str:
    """A fault as the catalogue has it, for people."""
    lines = [f"{fault.number:>2} {fault.name}", fault.produced, f"passes when {fault.passes}"]
    if fault.also:
        lines.append(f"see also {', '.join(fault.also)}")
    return "\n   ".join(lines)


def attempt(fault: Fault, scene: Scene) -> str:
    """Run one; its verdict."""
    print(f"--- {fault.number} {fault.name}", flush=True)
    started = time.monotonic()
    try:
        fault.run(scene)
    except Skipped as reason:
        verdict, why = "SKIPPED", f": {reason}"
    except Exception as error:
        traceback.print_exc()
        verdict, why = "FAILED", f": {error}"
    else:
        verdict, why = "PASSED", ""
    took = time.monotonic() - started
    print(f"{verdict} {fault.number} {fault.name} ({took:.0f} s){why}", flush=True)
    return verdict


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser(prog="python -m tests.faults")
    options.add_argument("numbers", nargs="*", type=int, metavar="NUMBER")
    options.add_argument("--long", action="store_true", help="the long form of each")
    options.add_argument("--list", action="store_true", help="only say what there is")
    given = options.parse_args()
    if unknown := [number for number in given.numbers if number not in BY_NUMBER]:
        options.error(f"no fault test has number {unknown[0]}")
    chosen = [BY_NUMBER[number] for number in given.numbers] or list(CATALOGUE)
    if given.list:
        print("\n".join(map(listed, chosen)))
        return 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        scene = Scene(Path(directory), long=given.long, say=lambda text: print(f"  {text}"))
        try:
            verdicts = [attempt(fault, scene) for fault in chosen]
        finally:
            scene.close()
    ran = len(verdicts) - verdicts.count("SKIPPED")
    print(f"{ran} of {len(verdicts)} fault tests ran, {verdicts.count('FAILED')} failed")
    return 1 if "FAILED" in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
