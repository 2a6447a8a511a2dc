"""Where syncd is put together.

Owns: which adapter stands behind which port, for each command. Never: decides, or does anything at import. May import:
everything but `cli`. Each module brings the adapters of one kind, so that a command loads only what it runs.
"""
