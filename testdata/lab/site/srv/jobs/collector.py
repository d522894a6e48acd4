#!/usr/bin/python3
"""Takes measurements from files that it forgets to close; says how often that
failed, once it does, and then keeps what it has. Whoever wants to send it one
waits in vain."""
import logging
import signal
import socket

logging.basicConfig(
    filename="/var/log/collector/collector.log",
    format="%(asctime)s - %(name)s - %(levelname)s - %(message)s",
    level=logging.INFO,
)
logger = logging.getLogger("collector")
kept, failed = [], 0


def measure():
    kept.append(open("/proc/loadavg"))


server = socket.create_server(("0.0.0.0", 5140), backlog=4)
logger.info("collecting")
while failed == 0:
    try:
        measure()
    except OSError:
        failed += 1
        logger.exception("no measurement was taken")
print(failed, flush=True)
while True:
    signal.pause()
