#!/usr/bin/env python
"""The entry point of every command; `make help` lists the ones that matter."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medici_site.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed for this Python. Type 'make run', which installs it into .venv.")
    execute_from_command_line(sys.argv)
