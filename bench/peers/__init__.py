"""The other servers, as their own documentation sets them up.

Owns: an application around each library. Never: tunes a peer down, or talks to syncd. May import: the peers, and what
they are built on.
"""
