SECRET_KEY = "for a host that lives two minutes"
ALLOWED_HOSTS = ["shop.example"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
TIME_ZONE = "Europe/Berlin"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "NAME": "shop",
        "USER": "shop",
        "PASSWORD": "pears-and-plums",
        "CONN_MAX_AGE": 0,  # each request opens its own connection, and shows what becomes of it
    }
}

REDIS = {"host": "127.0.0.1", "port": 6379, "password": "basket-of-apples"}
REDIS_OLD = {"host": "127.0.0.1", "port": 6379, "password": "basket-of-pears"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "file": {"class": "logging.FileHandler", "filename": "/var/log/django/django.log", "formatter": "line"},
    },
    "root": {"handlers": ["file"], "level": "INFO"},
    # Django's own handlers would print or mail as well.
    "loggers": {"django": {"handlers": ["file"], "level": "INFO", "propagate": False}},
}
