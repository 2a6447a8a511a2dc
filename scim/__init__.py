"""SCIM 2.0 (RFC 7643, RFC 7644) as a library.

Owns: the protocol as computation. `service.respond` takes a `ScimRequest` value and a `ResourceStore` and returns a
`ScimResponse` value. Never: opens a socket or a transaction, reads a clock, logs, or knows of SQL, Okta or syncd; only
`wsgi` and `blueprint` import Werkzeug and Flask. May import: the standard library and orjson.
"""
