"""PATCH (RFC 7644 section 3.5.2): request body -> operations -> what becomes of the resource.

Owns: the reading of operations (`operations`), their effect on a document (`planning`) and on a group's members
(`membership`). Never: reads members to change some, or changes a value in place. May import: `filter`, `values` and
what lies below them.
"""
