"""Measurements of syncd beside other SCIM servers, over HTTP, and alone in process.

Owns: the load generator, the servers it is held against, the tables that are written to `docs/performance.md`. Never:
is imported by the product, listens or talks to anything but 127.0.0.1, makes a figure up. May import: everything.
"""
