#!/usr/bin/python3
"""Builds the report of the month with all of its rows in memory."""
import os
import sys
import time

while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
rows = []
for _ in range(256):
    rows.append(b"x" * (1 << 20))
