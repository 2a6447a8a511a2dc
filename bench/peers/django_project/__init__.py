"""A Django project around django-scim2, with its own adapters and filters.

Owns: settings, the two models, the URL and a check of the bearer token. Never: changes what the library does. May
import: Django and django-scim2.
"""
