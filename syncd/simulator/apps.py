"""App integrations: added, switched off and on."""

from syncd.simulator import assignments
from syncd.simulator.log_targets import of_app
from syncd.simulator.org import Org
from syncd.simulator.records import FEATURES, App, Scope, Style


def add(org: Org, label: str, style: Style, app_id: str | None = None) -> App:
    """Add an active app with provisioning switched on and return it."""
    now = org.now()
    app = App(app_id or org.ids.make("0oa"), label, style, now, now, FEATURES[style])
    org.apps.put(app.id, app)
    return app


def deactivate(org: Org, app: App) -> None:
    """Switch the app off. Okta then takes back what groups assigned, and pushes nothing about it."""
    app.status, app.last_updated = "INACTIVE", org.now()
    org.log.add("application.lifecycle.deactivate", of_app(app))
    for app_user in [app_user for app_user in app.users if app_user.scope is Scope.GROUP]:
        app.users.remove(app_user.user_id)


def activate(org: Org, app: App) -> None:
    """Switch the app on again; groups that are still assigned assign their members anew."""
    app.status, app.last_updated = "ACTIVE", org.now()
    org.log.add("application.lifecycle.activate", of_app(app))
    for assignment in app.groups:
        for user_id in org.group(assignment.group_id).members:
            assignments.settle(org, app, org.user(user_id))
