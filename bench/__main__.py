"""`python -m bench`."""

import sys

from bench.in_process.part import measure_in_process
from bench.options import read_options
from bench.over_http import measure_over_http
from bench.progress import say


def main() -> int:
    """Measure what was asked for, and return the exit code."""
    options = read_options(sys.argv[1:])
    if "http" in options.parts:
        say(f"The results are in {measure_over_http(options)}.")
    if "in-process" in options.parts:
        say(f"The results are in {measure_in_process(options)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
