"""The simulated Okta org, started for an operator."""

from syncd.simulator import SimulatedOrg


def simulated_org(
    *, port: int, scim_url: str, scim_token: str, okta_token: str, app_id: str, style: str
) -> SimulatedOrg:
    """Return a running org on 127.0.0.1 with one application; leave its block to stop it."""
    return SimulatedOrg.start(
        port=port, scim_url=scim_url, scim_token=scim_token, api_token=okta_token, app_id=app_id, style=style
    )
