from django.urls import path

from appointments.views import flow, yours

urlpatterns = [
    path("", flow.start, name="request_evaluation"),
    path("start-over/", flow.start_over, name="request_start_over"),
    path("safety/", flow.safety, name="request_safety"),
    path("with-interests/", flow.with_interests, name="request_with_interests"),
    path("check/", flow.check, name="request_check"),
    path("find/", yours.find, name="find_request"),
    path("yours/<str:token>/", yours.your_request, name="your_request"),
    path("yours/<str:token>/reply-by.ics", yours.calendar, name="your_request_calendar"),
    path("yours/<str:token>/visit.ics", yours.visit_calendar, name="your_request_visit"),
    path("yours/<str:token>/contact/", yours.change_contact, name="your_request_contact"),
    path("yours/<str:token>/times/", yours.change_times, name="your_request_times"),
    path("yours/<str:token>/withdraw/", yours.withdraw, name="your_request_withdraw"),
    path("<slug:slug>/", flow.step, name="request_step"),
    path("<slug:slug>/change/", flow.step, {"changing": True}, name="request_change"),
]
