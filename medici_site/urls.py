"""The site's table of contents."""

from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path

from medici_site import views
from treatments.sitemaps import ContentSitemap, ToolSitemap

SITEMAPS = {"content": ContentSitemap, "tools": ToolSitemap}

urlpatterns = [
    path("admin/", include("medici_site.accounts.urls")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
    path("robots.txt", views.robots, name="robots"),
    # Asked for by name where a page, such as one of the admin, names no icon.
    path("favicon.ico", views.favicon, name="favicon"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("media/pictures/<str:name>", views.picture, name="picture"),
    path("request-evaluation/", include("appointments.urls")),
    path("", include("treatments.urls")),
]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.not_found
handler500 = views.server_error
