"""The one URL: everything of django-scim2 below /scim/v2/."""

from django.urls import include, path

urlpatterns = [path("scim/v2/", include("django_scim.urls"))]
