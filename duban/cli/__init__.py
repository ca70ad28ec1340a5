"""The `duban` command. Each module of this package registers its own commands.

Exit status: 0 done, 1 the work failed, 2 wrong use. People read tables, scripts pass `--json` and
get one JSON object on standard output; logs go to standard error.
"""

import importlib
import pkgutil

import typer


def application() -> typer.Typer:
    """Build the command line from the modules of this package."""
    app = typer.Typer(
        name="duban",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="督办 · keeps the promises of government service halls. 政务服务中心的承诺时限督办。",
    )
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        commands = importlib.import_module(f"{__name__}.{module.name}")
        if hasattr(commands, "register"):
            commands.register(app)
    return app


def main() -> None:
    """Entry point of the `duban` script."""
    application()()
