"""The audit log under load, and at size: what sealing takes from pushes, how soon it comes, and what verifying costs.

Owns: a sequencer in a process of its own, the measurement of pushes with it and without, and the making, sealing and
verifying of many events. Never: writes an entry in another way than the sequencer. May import: `syncd`, and of `bench`
what loads, serves, tells and writes.
"""
