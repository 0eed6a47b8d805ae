"""How to work the desk, for whoever is new at it."""

from django.views.decorators.http import require_GET

from appointments.desk import frame


@require_GET
def guide(request):
    """Show the guide. It holds nothing of any patient, so nobody's look at it needs a line in the record."""
    frame.require(request, "view")
    return frame.page(request, "guide.html", "How to work the desk")
