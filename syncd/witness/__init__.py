"""A witness: it cosigns checkpoints of logs on other hosts that go on from what it has cosigned, and no other ones.

Owns: the HTTP interface of c2sp.org/tlog-witness, and the file with all that a witness remembers. Never: decides (that
is `core.witnessing`), knows a database or the configuration, or holds a private key. May import: `ports`, `core`,
structlog.
"""
