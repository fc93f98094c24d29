"""The command `uml-train`."""

import argparse
import signal
import sys
import threading

from . import convert, export, fit, report, sweep, update, whole
from .faults import DataError, printable


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="uml-train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in {"fit": fit, "export": export, "evaluate": report, "convert": convert,
                         "sweep": sweep, "update": update}.items():
        command = commands.add_parser(name, help=(module.__doc__ or "").strip().splitlines()[0])
        module.add_arguments(command)
        command.set_defaults(main=module.main)
    return parser


def main(argv: list[str] | None = None) -> int:
    whole.keep_standard_streams_apart()
    args = parser().parse_args(argv)
    whole.inputs.clear()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):  # an exception, so that no half-written file stays
            if signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        return args.main(args)
    except KeyboardInterrupt:
        print("uml-train: stopped", file=sys.stderr)
        return 128 + signal.SIGINT
    except (DataError, ValueError, OSError, FloatingPointError) as error:
        print(printable(f"uml-train: {error}"), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
