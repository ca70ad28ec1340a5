"""Commands that are programs of their own: passed through as they were typed."""

import importlib.util

import typer

from duban.cli.output import fail
from duban.launch import run_program

# command: (module, one line of help)
PROGRAMS = {
    "up": ("deploy.local", "Start the embedded stack. 启动本机全套服务。"),
    "status": ("deploy.local", "What runs, where, how far behind. 运行状态。"),
    "down": ("deploy.local", "Stop the embedded stack. 停止。"),
    "doctor": ("deploy.local", "What is wrong and how to mend it. 诊断。"),
    "demo": ("deploy.demo", "A simulated city hall on a stack of its own. 演示。"),
    "report": ("projections.reports", "Bulletins ready to send: HTML, XLSX, PDF. 通报与总结。"),
    "import": ("producers.importers", "Import XES, CSV, XLSX or NDJSON. 导入历史日志。"),
}
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    """Add one pass-through command for each program."""
    for name, (module, help_) in PROGRAMS.items():
        app.command(name, help=help_, context_settings=dict(PASS_ON))(_starter(name, module))


def _starter(name: str, module: str):  # type: ignore[no-untyped-def]  # typer reads the signature
    def start(context: typer.Context) -> None:
        if importlib.util.find_spec("chdb") is None or importlib.util.find_spec("faust") is None:
            fail(f"duban {name} needs the embedded parts.", "pip install 'duban[embedded]'")
        arguments = [name, *context.args] if module == "deploy.local" else context.args
        run_program(module, arguments)

    return start
