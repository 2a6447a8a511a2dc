"""Okta's own SDK, which is generated from its published description, can read what the simulator shows."""

from typing import Any

import pytest
from okta.models.app_user import AppUser
from okta.models.application_group_assignment import ApplicationGroupAssignment
from okta.models.group import Group
from okta.models.group_push_mapping import GroupPushMapping
from okta.models.saml_application import SamlApplication
from okta.models.user import User

from syncd.simulator import SimulatedOrg
from tests.simulator.conftest import APP_ID, Api

APP = f"/api/v1/apps/{APP_ID}"


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/api/v1/users", User),
        ("/api/v1/groups", Group),
        ("/api/v1/apps", SamlApplication),
        (f"{APP}/users?expand=user", AppUser),
        (f"{APP}/groups", ApplicationGroupAssignment),
        (f"{APP}/group-push/mappings", GroupPushMapping),
    ],
)
def test_every_row_is_read_and_has_no_field_that_is_not_published(
    org: SimulatedOrg, api: Api, path: str, model: Any
) -> None:
    team = org.create_group("Team", [org.create_user("ada@x.org", "Ada", "Lovelace", department="Mathematics")])
    org.assign_group(team)
    org.push_group(team)
    org.populate(1)
    org.drain(10)
    for row in api.get(path):
        assert model.from_dict(row) is not None
        published = {field.alias or name for name, field in model.model_fields.items()}
        assert set(row) <= published
