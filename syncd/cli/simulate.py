"""`syncd simulate`."""

import signal
import threading

import click

from syncd.cli.console import announce, say


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--scim-url", required=True, help="The SCIM endpoint to push to, such as http://127.0.0.1:8080/scim/v2.")
@click.option("--scim-token", required=True, envvar="SYNCD_SIMULATE_SCIM_TOKEN", help="The bearer token it asks for.")
@click.option(
    "--okta-token", required=True, envvar="SYNCD_SIMULATE_OKTA_TOKEN", help="API token that the simulated org accepts."
)
@click.option("--app-id", default="0oa00000000000simulate", show_default=True, help="Id of the application in the org.")
@click.option(
    "--style",
    type=click.Choice(["oin", "aiw"]),
    default="oin",
    show_default=True,
    help="oin: catalogue app (PUT and PATCH); aiw: app of the integration wizard (PUT only).",
)
def command(
    port: int, scim_url: str, scim_token: str, okta_token: str, app_id: str, style: str
) -> int:  # one parameter for each option
    """Run a simulated Okta org, to rehearse a configuration against.

    It answers the part of the Management API that provisioning uses, and pushes every change to the SCIM endpoint as
    Okta does. Faults are set over HTTP: see docs/simulator.md.
    """
    from syncd.bootstrap.simulation import simulated_org

    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with simulated_org(
        port=port, scim_url=scim_url, scim_token=scim_token, okta_token=okta_token, app_id=app_id, style=style
    ) as org:
        say(f"Simulated Okta org at {org.url}, application {app_id}, pushing to {scim_url} ({style})")
        stop.wait()
        announce(f"stopped after {len(org.pushes())} pushes")
    return 0
