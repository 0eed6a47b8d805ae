def library(request):
    """The published words, for the frame around every page: clinic name, phone, menus."""
    return {"library": request.library}
