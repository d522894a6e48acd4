#!/usr/bin/python3
"""Reads a picture through a library that trusts its header."""
import ctypes
import os
import sys
import time

PR_SET_DUMPABLE = 4  # prctl(2): no core is written, wherever the kernel would send it

ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
ctypes.string_at(0)
