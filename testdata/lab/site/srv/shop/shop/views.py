import logging
import time

import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpResponse

from shop.failures import told
from shop.models import Account, Product

logger = logging.getLogger(__name__)

MEETING_LIMIT = 10  # seconds that one transfer waits for the other


def products(request):
    lines = [f"{p.name} {p.price}" for p in Product.objects.order_by("name")]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


def slow(request):
    time.sleep(2)
    return HttpResponse("done\n", content_type="text/plain")


def transfer(request, source, target):
    """Two of these in opposite directions always lock each other out."""
    with transaction.atomic():
        Account.objects.filter(pk=source).update(balance=F("balance") - 1)
        meet(source)
        Account.objects.filter(pk=target).update(balance=F("balance") + 1)
    return HttpResponse("done\n", content_type="text/plain")


def meet(account):
    """Returns once another transfer has its first lock as well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [account])
        end = time.monotonic() + MEETING_LIMIT
        while time.monotonic() < end:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            if cursor.fetchone()[0] == 2:
                return
            time.sleep(0.02)
    raise TimeoutError("no other transfer is under way")


def basket(request):
    try:
        redis.Redis(**settings.REDIS).rpush("basket", "apple")
    except redis.RedisError as exc:
        logger.exception("the basket could not be kept")
        return told(exc, status=503)
    return HttpResponse("kept\n", content_type="text/plain")


def recommended(request):
    names = redis.Redis(**settings.REDIS_OLD).lrange("recommended", 0, -1)
    return HttpResponse(b"\n".join(names), content_type="text/plain")
