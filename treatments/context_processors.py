from treatments.glossary import Explainer


def library(request):
    """The published words, for the frame around every page, and what explains words where this page uses them."""
    return {"library": request.library, "explained": Explainer(request.library)}
