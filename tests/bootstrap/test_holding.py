"""A served application that asks for it holds a storm: what the settings say reaches every request."""

from datetime import timedelta
from pathlib import Path

from scim.provider import Provider
from syncd.bootstrap.services import Extras, build_app, storms_to_hold
from syncd.bootstrap.settings import load_settings
from syncd.bootstrap.stores import create_token, open_store, upgrade_database
from syncd.core.alarms import StormRule

CONFIGURATION = """\
[database]
url = "sqlite:///{folder}/syncd.db"
[apps.crm]
okta_app_id = "0oacrm00000000000001"
storm_deactivations = 1
storm_action = "hold"
[apps.wiki]
okta_app_id = "0oawiki0000000000001"
storm_deactivations = 1
"""
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def test_only_the_application_that_asks_for_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    settings = load_settings(path)
    upgrade_database(settings)
    holding = storms_to_hold(settings)
    assert holding == {"crm": StormRule(1, timedelta(minutes=10), hold=True)}
    url = settings.database.url.get_secret_value()
    client = build_app(url, Provider("http://localhost/scim/v2"), extras=Extras(holding=holding)).test_client()
    statuses = {}
    for name in settings.apps:
        sent = {"Authorization": f"Bearer {create_token(settings, name, 'test').token}"}
        answers = []
        for number in range(3):
            made = client.post("/scim/v2/Users", json={"userName": f"person{number}", "active": True}, headers=sent)
            account = (made.json or {})["id"]
            change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
            answers.append(client.patch(f"/scim/v2/Users/{account}", json=change, headers=sent))
        statuses[name] = [answer.status_code for answer in answers]
    assert statuses == {"crm": [200, 429, 429], "wiki": [200, 200, 200]}
    with open_store(settings) as store, store.reading("crm") as unit:
        assert [one.notice.kind for one in unit.notices.standing()] == ["push-storm"]
