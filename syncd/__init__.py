"""syncd: the application's side of Okta provisioning.

Owns: the journeys of a push, a reconciliation and a drift report. Never: deletes an account, or takes access away on a
doubt. May import: the library `scim`; who may import whom within is held by the contracts in pyproject.toml:
cli -> bootstrap -> adapters -> workflows -> ports -> core.
"""

__version__ = "0.1.0"
