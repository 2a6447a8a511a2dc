"""A server process for tests: the real `serve` around an application with a slow and an echoing path.

Run with one argument, a JSON object with options of `ServerOptions` and `Bounds`; prints the address when it answers.
Two keys are its own: `broken` makes it fail to load, `activated` names an open socket to hand over as systemd does.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from syncd.telemetry import configure_logging
from syncd.web.answer import error_answer
from syncd.web.front import Bounds, Front
from syncd.web.options import ServeError, ServerOptions, TlsFiles
from syncd.web.server import serve


def build_front(bounds: Bounds) -> Front:
    return Front(build_app().wsgi_app, bounds)


def build_app() -> Flask:
    app = Flask("sample")

    @app.route("/echo", methods=["GET", "POST", "HEAD"])
    def echo() -> Response:
        body = request.get_data()
        return Response(body or b"nothing", headers={"X-Length": str(len(body)), "X-Path": request.full_path})

    @app.get("/slow/<float:seconds>")
    def slow(seconds: float) -> str:
        time.sleep(seconds)
        return "done"

    @app.get("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.errorhandler(404)
    def unknown(_: Exception) -> Response:
        answer = error_answer(404, "unknown")
        return Response(answer.body, answer.status, list(answer.headers))

    return app


def fail_to_build(_bounds: Bounds) -> Front:
    raise RuntimeError("broken on purpose")


def options_of(given: dict[str, Any]) -> ServerOptions:
    bounds = Bounds(**given.pop("bounds", {}))
    tls = TlsFiles(*map(Path, given.pop("tls"))) if "tls" in given else None
    return ServerOptions(**{"port": 0, **given}, bounds=bounds, tls=tls)


def hand_over(descriptor: int) -> None:
    """Leave a socket where systemd leaves it (sd_listen_fds(3))."""
    os.dup2(descriptor, 3)
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}


def main(given: dict[str, Any]) -> int:
    configure_logging("warning", "plain")
    build = fail_to_build if given.pop("broken", False) else build_front
    if "activated" in given:
        hand_over(given.pop("activated"))
    try:
        return serve(build, options_of(given), say)
    except ServeError as error:
        say(str(error))
        return 1
    finally:
        say("served")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
