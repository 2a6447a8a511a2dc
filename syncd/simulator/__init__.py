"""A stateful Okta org on loopback, for rehearsing a configuration, for the demonstration and for tests.

Owns: a model of Okta's users, apps, groups and provisioning; its Management API over HTTP with paging, rate limits and
faults on demand; its SCIM client in both styles. The requests are Okta's as documented and recorded; what Okta does
inside between them is a model. Never: decides anything for syncd, or is asked by it other than over HTTP.
May import: the standard library, orjson and requests; nothing of syncd or scim, so that it cannot agree with a mistake.
"""

from syncd.simulator.errors import OktaError
from syncd.simulator.faults import Faults, PushFault, RequestFault
from syncd.simulator.jobs import Operation
from syncd.simulator.pushes import PushRecord, Task
from syncd.simulator.rate_limit import WORKFORCE, RateLimits
from syncd.simulator.records import Style, UserStatus
from syncd.simulator.simulated_org import SimulatedOrg

__all__ = [
    "WORKFORCE",
    "Faults",
    "OktaError",
    "Operation",
    "PushFault",
    "PushRecord",
    "RateLimits",
    "RequestFault",
    "SimulatedOrg",
    "Style",
    "Task",
    "UserStatus",
]
