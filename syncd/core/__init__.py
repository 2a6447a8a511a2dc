"""Decisions, and nothing but decisions.

Owns: what a subject, a situation, a plan and a verdict are, and the functions from one to the next. Never: does I/O,
reads a clock, draws a random number, logs. May import: `scim` values and the standard library's pure parts.
"""
