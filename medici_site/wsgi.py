"""What gunicorn serves."""

import logging
import os

from django.core.wsgi import get_wsgi_application
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medici_site.settings")
application = get_wsgi_application()


def read_library():
    """Read the words before the first visitor comes, so that even an early outage is told with the right phone."""
    from treatments import library

    try:
        library.published()
    except Exception:
        logging.getLogger(__name__).warning("The library could not be read at start")
    connection.close()  # gunicorn forks after this in some of its modes


read_library()
