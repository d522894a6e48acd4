import sys

from django.http import HttpResponse


def page(request):
    return told(sys.exc_info()[1], status=500)


def told(exc, status):
    """Tells the client what went wrong: its class, that of the first exception of the chain, its text."""
    lines = [name(exc), name(origin(exc)), str(exc).partition("\n")[0]]
    return HttpResponse("\n".join(lines) + "\n", status=status, content_type="text/plain")


def origin(exc):
    while before := exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__):
        exc = before
    return exc


def name(exc):
    return f"{type(exc).__module__}.{type(exc).__qualname__}"
