"""The reconciler at size: pull a large listing, stage and seal it, compare it with as many accounts, plan.

Owns: the listing and the simulated org that serves it, the plain join beside which the comparison is held, and their
measurement. Never: goes through the front door, or changes what it compares. May import: `syncd`, `scim`, and of
`bench` what loads, tells and writes.
"""
