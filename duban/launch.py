"""Find and run the programs that stand around the library.

In a checkout they are top-level packages; in an installed wheel they lie in `duban/programs`.
"""

import os
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs" if (HERE / "programs").is_dir() else HERE.parent
SCHEMAS = HERE / "schemas" if (HERE / "schemas").is_dir() else HERE.parent / "schemas"


def program_env() -> dict[str, str]:
    """Environment for a child process that runs `python -m <program>`."""
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(PROGRAMS), path]))}


def run_program(module: str, arguments: list[str]) -> None:
    """Run a program's module in this process, as `python -m module arguments` would."""
    if str(PROGRAMS) not in sys.path:
        sys.path.insert(0, str(PROGRAMS))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def tell_ready() -> None:
    """Tell the supervisor that this program does its work now; does nothing without one."""
    if named := os.environ.get("DUBAN_READY_FILE"):
        Path(named).touch()
