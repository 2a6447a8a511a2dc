"""`syncd init`."""

from pathlib import Path

import click

from syncd.cli.console import heading, say
from syncd.cli.failures import Failure

INTEGRATION = """\
  SCIM connector base URL            {url}/scim/v2
  Unique identifier field for users  userName
  Supported provisioning actions     Push New Users, Push Profile Updates, Push Groups
  Authentication mode                HTTP Header
  Authorization                      Bearer {made.token}
  (shown this once; it is {made.token_id}, valid until {made.expires:%Y-%m-%d})
"""

AUDIT_LOG = """\
  {key_file} signs it. Keep a copy where this machine is not.
  Who verifies it needs its public key: {public_key}
  Let its heads leave this machine: set audit.heads_folder, heads_url or witnesses."""

NEXT_STEPS = """\
  1. Put an Okta API token of a read-only administrator into {token_file}.
  2. syncd config check --config {path}
  3. syncd up --config {path}
  4. syncd drift-report --config {path}"""


@click.command()
@click.option("--directory", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where to write.")
@click.option(
    "--app", "app_name", default="app", show_default=True, help="Name of the application, as you will call it."
)
@click.option("--okta-org", help="Address of the Okta org, such as https://example.okta.com.")
@click.option(
    "--okta-app-id", help="Id of the application in Okta; it is in the admin console's address line (0oa...)."
)
@click.option("--public-url", help="How Okta will reach this server, such as https://scim.example.com.")
def command(
    directory: Path, app_name: str, okta_org: str | None, okta_app_id: str | None, public_url: str | None
) -> int:
    """Write a configuration, make the database and a first token, and say what to enter in Okta.

    Asks for what is not given. An existing configuration is never overwritten.
    """
    from syncd.bootstrap.settings import initialise, load_settings
    from syncd.bootstrap.stores import create_token

    path = directory / "config.toml"
    if path.exists():
        message = f"{path} exists and is left as it is. Check it: syncd config check --config {path}"
        raise Failure(message)
    answers = {
        "app_name": app_name,
        "org_url": okta_org or click.prompt("Address of the Okta org", default="https://example.okta.com"),
        "okta_app_id": okta_app_id or click.prompt("Id of the application in Okta (0oa...)"),
        "public_url": public_url or click.prompt("Public address of this server", default="https://scim.example.com"),
    }
    initialise(path, **answers)
    settings = load_settings(path)
    made = create_token(settings, app_name, "made by syncd init")
    say(f"Wrote {path} (only you can read it) and made the database {directory.resolve() / 'syncd.db'}.\n")
    heading("Enter in the Okta admin console, Applications > your app > Provisioning > Integration")
    say(INTEGRATION.format(url=answers["public_url"].rstrip("/"), made=made))
    heading("Then")
    say(NEXT_STEPS.format(path=path, token_file=directory / "okta-api-token"))
    heading("\nThe audit log")
    say(AUDIT_LOG.format(key_file=settings.audit.signing_key_file, public_key=settings.audit.public_key))
    return 0
