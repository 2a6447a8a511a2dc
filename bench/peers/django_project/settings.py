"""Settings: what django-scim2 asks for, and what Django recommends for production.

DEBUG is off and connections are kept open. On SQLite: transactions that begin as writers, a write-ahead log, and the
weaker `synchronous=NORMAL` (a commit may be lost with the machine's power), because that is how it is fastest.
"""

import json
import os
from typing import Any

SECRET_KEY = os.environ["BENCH_TOKEN"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.peers.django_project.urls"
WSGI_APPLICATION = "bench.peers.django_project.wsgi.app"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_scim", "bench.peers.django_project"]
MIDDLEWARE = ["bench.peers.django_project.authentication.BearerTokenMiddleware"]
AUTH_USER_MODEL = "django_project.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGGING: dict[str, Any] = {"version": 1, "disable_existing_loggers": False}

# One JSON object: ENGINE, NAME and what else the database needs; the runner writes it.
_GIVEN: dict[str, Any] = json.loads(os.environ["BENCH_DATABASE"])
DATABASES = {"default": {**_GIVEN, "CONN_MAX_AGE": None}}

SCIM_SERVICE_PROVIDER = {
    "NETLOC": "127.0.0.1",
    "SCHEME": "http",
    "GROUP_MODEL": "bench.peers.django_project.models.Group",
    "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "Bearer", "description": "A bearer token"}],
}
