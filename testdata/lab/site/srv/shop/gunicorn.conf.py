bind = "127.0.0.1:8000"
workers = 2
worker_class = "gthread"
threads = 4
pidfile = "/run/gunicorn/pid"
errorlog = "/var/log/gunicorn/error.log"
accesslog = "/var/log/gunicorn/access.log"
