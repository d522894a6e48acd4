#!/usr/bin/python3
"""Opens connections until PostgreSQL has no room, first as the shop, then as
its administrator, for whom it keeps some; says how many it got and how many
were refused, and keeps them until told to end."""
import signal

import psycopg2

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
kept, refused = [], []
for where in ("host=127.0.0.1 user=shop password=pears-and-plums dbname=shop", "host=/var/run/postgresql user=postgres dbname=shop"):
    try:
        while True:
            kept.append(psycopg2.connect(where))
    except psycopg2.OperationalError as exc:
        refused.append(str(exc).strip().rpartition("FATAL:  ")[2])
print(len(kept), *refused, sep="\n", flush=True)
signal.sigwait({signal.SIGTERM})
for connection in kept:
    connection.close()
