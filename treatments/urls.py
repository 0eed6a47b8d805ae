"""Public addresses. They are stable: patients print and share them."""

from django.urls import path
from django.views.decorators.http import require_safe

from treatments import finder_views, views
from treatments.feeds import ChangesFeed

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("treatments/", views.TreatmentListView.as_view(), name="treatments"),
    path("treatments/<slug:slug>/", views.TreatmentView.as_view(), name="family"),
    path("treatments/<slug:family>/<slug:slug>/", views.TreatmentView.as_view(), name="treatment"),
    path("compare/", views.CompareView.as_view(), name="compare"),
    path("compare/<slug:first>/<slug:second>/", views.CompareView.as_view(), name="compare_2"),
    path("compare/<slug:first>/<slug:second>/<slug:third>/", views.CompareView.as_view(), name="compare_3"),
    path("visit/", views.VisitView.as_view(), name="visit"),
    path("site-map/", views.SiteMapView.as_view(), name="site_map"),
    path("changes/", views.ChangesView.as_view(), name="changes"),
    path("changes/feed/", require_safe(ChangesFeed()), name="changes_feed"),
    path("llms.txt", views.llms_txt, name="llms"),
    path("og/<slug:kind>/<slug:name>.png", views.open_graph_picture, name="open_graph_picture"),
    path("search/", views.SearchView.as_view(), name="search"),
    path("find/", finder_views.StartView.as_view(), name="finder"),
    path("find/questions/", finder_views.questions, name="finder_questions"),
    path("find/rules/", finder_views.RulesView.as_view(), name="finder_rules"),
    path("drafts/<str:token>/", views.shared_draft, name="shared_draft"),
    path("<slug:slug>/", views.InfoPageView.as_view(), name="page"),
]
