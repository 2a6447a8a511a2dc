"""`python -m bench`."""

import asyncio
import signal
import sys
from types import FrameType

from bench.audit.part import measure_audit
from bench.in_process.part import measure_in_process
from bench.options import read_options
from bench.over_http import measure_over_http
from bench.progress import say
from bench.reconciler.part import measure_reconciler

STOPPED = 130


def main() -> int:
    """Measure what was asked for, and return the exit code."""
    options = read_options(sys.argv[1:])
    signal.signal(signal.SIGTERM, _stop)
    try:
        if "http" in options.parts:
            say(f"The results are in {measure_over_http(options)}.")
        if "in-process" in options.parts:
            say(f"The results are in {measure_in_process(options)}.")
        if "reconciler" in options.parts:
            say(f"The results are in {measure_reconciler(options)}.")
        if "audit" in options.parts:
            say(f"The results are in {measure_audit(options)}.")
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("Stopped; servers and databases are gone.")
        return STOPPED
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    """End as at the end: servers are ended, and schemas dropped."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
