"""One Okta application, read through the Management API.

Owns: authentication, pacing, the page walk, point lookups, and what each answer of Okta's means. Implements
`ports.AssignmentSource`; start at `source.open_source`. Never: decides about accounts, keeps anything between runs,
caches an answer, or takes part of a listing for the whole. The only package that may import the Okta SDK and aiohttp,
and it does so in `executor` alone. May import: `ports`, `core`.
"""
