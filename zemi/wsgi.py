"""The WSGI application that gunicorn and `manage.py runserver` serve."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zemi.settings")

application = get_wsgi_application()
