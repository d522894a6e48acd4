#!/usr/bin/python3
"""Books what the shop sells: one process takes entries, another, its child,
brings them, over a port that only a privileged process may listen on. Each has
a thread that looks on. A connection is kept. Says the two process ids once
that stands."""
import os
import signal
import socket
import threading


def look_on(name):
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as comm:
        comm.write(name)
    named.set()
    threading.Event().wait()


server = socket.create_server(("127.0.0.1", 911))
child = os.fork()
named = threading.Event()
if child == 0:
    kept = socket.create_connection(("127.0.0.1", 911))
    server.close()
    threading.Thread(target=look_on, args=("ledger-sync",)).start()
    named.wait()
    kept.sendall(b"ready\n")
else:
    kept, _ = server.accept()
    threading.Thread(target=look_on, args=("ledger-audit",)).start()
    named.wait()
    assert kept.recv(6) == b"ready\n"
    print(os.getpid(), child, flush=True)
while True:
    signal.pause()
