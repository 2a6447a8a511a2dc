"""Filters (RFC 7644 section 3.4.2.2): text -> tree, and what a tree means.

Owns: the grammar (`parser`), the tree (`syntax`), the reference meaning (`matching`), which every compiler of the tree
must agree with. Never: touches a store. May import: `attribute_path` and what lies below it.
"""
