"""The journeys, one module each, named by its verb.

Owns: the order of steps, and every transaction. Never: decides (that is `core`), knows SQL, HTTP or the Okta SDK, or
makes a network call inside a transaction. May import: `ports`, `telemetry`, `core`, `scim`.
"""
