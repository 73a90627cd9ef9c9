#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Stops the first thread of a process, and only that, for some seconds: as if it were busy.
# usage: hold-thread.py PID SECONDS; 77 where that is not allowed
import ctypes, os, sys, time

SEIZE, INTERRUPT = 0x4206, 0x4207
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
pid = int(sys.argv[1])
if libc.ptrace(SEIZE, pid, None, None) or libc.ptrace(INTERRUPT, pid, None, None):
    print('skip: no thread can be held:', os.strerror(ctypes.get_errno()))
    sys.exit(77)
os.waitpid(pid, 0x40000000)
print('held', flush=True)
time.sleep(float(sys.argv[2]))
# It goes on when we are gone.
