from django.urls import path

from appointments import views

urlpatterns = [
    path("", views.request_evaluation, name="request_evaluation"),
    path("received/<str:token>/", views.request_received, name="request_received"),
]
