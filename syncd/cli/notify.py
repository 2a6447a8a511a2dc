"""`syncd notify`."""

from pathlib import Path

import click

from syncd.cli.console import print_json, print_table, say
from syncd.cli.failures import ERROR
from syncd.cli.options import choose_app, config_option, json_option


@click.group("notify")
def command() -> None:
    """Try the ways on which people are told what needs them, and list what stands."""


@command.command()
@config_option
@json_option
def test(config_path: Path | None, as_json: bool) -> int:
    """Send a test message on every way that is configured, and say how it fared. Exit code 1 when one failed."""
    from syncd.bootstrap.notifications import try_notifiers
    from syncd.bootstrap.settings import load_settings

    trials = list(try_notifiers(load_settings(config_path)))
    if as_json:
        print_json([{"channel": one.channel, "arrived": one.failure is None, "failure": one.failure} for one in trials])
    elif trials:
        print_table(("way", "outcome"), ((one.channel, one.failure or "arrived") for one in trials))
    else:
        say("No way is configured. Set webhook_url, slack_url or smtp_host below [notify].")
    return ERROR if any(one.failure for one in trials) else 0


@command.command("list")
@config_option
@click.option("--app", "app_name", metavar="NAME", help="Of this application only.")
@click.option("--all", "with_ended", is_flag=True, help="Those that are over as well: the youngest 50.")
@json_option
def list_reasons(config_path: Path | None, app_name: str | None, with_ended: bool, as_json: bool) -> int:
    """List what stands and needs somebody: since when, how often it was seen, when it was told, and what to do."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store
    from syncd.core.messages import reason_as_json

    settings = load_settings(config_path)
    names = [choose_app(settings, app_name)[0]] if app_name else list(settings.apps)
    reasons = []
    with open_store(settings) as store:
        for name in names:
            with store.reading(name) as unit:
                kept = unit.notices.latest() if with_ended else unit.notices.standing()
            reasons += [one for one in kept if with_ended or one.ended is None]
    if as_json:
        print_json([reason_as_json(one) for one in reasons])
    elif reasons:
        print_table(
            ("severity", "what", "since (UTC)", "times", "told (UTC)", "over (UTC)"),
            (
                (
                    one.notice.severity,
                    one.notice.title,
                    f"{one.first:%Y-%m-%d %H:%M}",
                    one.times,
                    one.told and f"{one.told:%Y-%m-%d %H:%M}",
                    one.ended and f"{one.ended:%Y-%m-%d %H:%M}",
                )
                for one in reasons
            ),
        )
        for one in reasons:
            if one.ended is None:
                say(f"\n{one.notice.title}\n  {one.notice.remedy}")
    else:
        say("Nothing stands.")
    return 0
