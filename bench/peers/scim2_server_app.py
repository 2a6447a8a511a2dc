"""scim2-server under gunicorn, as its guide to deployment describes it.

Its storage that comes with it keeps resources in memory, and the guide says to run a single worker with that one.
"""

import os

from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.utils import load_default_provider

app = BearerTokenApplication(InMemoryStorage(), load_default_provider(), bearer_tokens=[os.environ["BENCH_TOKEN"]])
