"""syncd: the application's side of Okta provisioning.

Owns: the journeys of a push, a reconciliation and a drift report. Who may import whom is held by the contracts in
pyproject.toml: cli -> bootstrap -> adapters -> workflows -> ports -> core; everything may use the library `scim`.
"""

__version__ = "0.1.0"
