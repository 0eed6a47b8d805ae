"""Public addresses. They are stable: patients print and share them."""

from django.urls import path
from django.views.decorators.http import require_safe

from treatments.feeds import ChangesFeed
from treatments.views import finder, listings, pages, tools

urlpatterns = [
    path("", pages.HomeView.as_view(), name="home"),
    path("treatments/", pages.TreatmentListView.as_view(), name="treatments"),
    path("treatments/<slug:slug>/", pages.TreatmentView.as_view(), name="family"),
    path("treatments/<slug:family>/<slug:slug>/", pages.TreatmentView.as_view(), name="treatment"),
    path("compare/", tools.CompareView.as_view(), name="compare"),
    path("compare/<slug:first>/<slug:second>/", tools.CompareView.as_view(), name="compare_2"),
    path("compare/<slug:first>/<slug:second>/<slug:third>/", tools.CompareView.as_view(), name="compare_3"),
    path("visit/", tools.VisitView.as_view(), name="visit"),
    path("site-map/", listings.SiteMapView.as_view(), name="site_map"),
    path("changes/", listings.ChangesView.as_view(), name="changes"),
    path("changes/feed/", require_safe(ChangesFeed()), name="changes_feed"),
    path("llms.txt", listings.llms_txt, name="llms"),
    path("og/<slug:kind>/<slug:name>.png", listings.open_graph_picture, name="open_graph_picture"),
    path("search/", tools.SearchView.as_view(), name="search"),
    path("find/", finder.StartView.as_view(), name="finder"),
    path("find/questions/", finder.questions, name="finder_questions"),
    path("find/rules/", finder.RulesView.as_view(), name="finder_rules"),
    path("drafts/<str:token>/", pages.shared_draft, name="shared_draft"),
    path("<slug:slug>/", pages.InfoPageView.as_view(), name="page"),
]
