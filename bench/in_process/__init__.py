"""syncd alone and in process: what a request costs from its value to the answer's value, in a large directory.

Owns: the large directory and how it is loaded, and its measurement. Never: goes over HTTP. May import: `syncd`, `scim`,
and of `bench` what measures, tells and writes.
"""
