"""What the person who waits gets to read."""

import sys

from bench.samples import Sample


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def told(operation: str, sample: Sample) -> None:
    """Print what one run came to."""
    wrong = "; ".join(f"{count} x {complaint}" for complaint, count in sample.wrong.items())
    say(f"  {operation:14} {sample.rate:10,.1f}/s {f'wrong: {wrong}' if wrong else ''}".rstrip())
