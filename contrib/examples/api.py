#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Python, by ctypes: the functions are in the process if it runs under Cairn, and else are not.

    crlaunch -n api -- ./api.py 10
"""
import contextlib
import ctypes
import sys
import time

SAVED, RESTARTED = 0, 1


class Job(ctypes.Structure):
    """struct cairn_job_info of cairn.h, as far as it is needed: size says how far."""
    _fields_ = [("size", ctypes.c_uint32), ("restarts", ctypes.c_uint32),
                ("checkpoint", ctypes.c_uint32)]


class Cairn:
    """cairn.h. Without Cairn there are no checkpoints, and nothing else is different."""

    def __init__(self):
        here = ctypes.CDLL(None)
        self.lib = here if hasattr(here, "cairn_checkpoint") else None
        if self.lib:
            self.lib.cairn_error.restype = ctypes.c_char_p

    def checkpoint(self):
        """SAVED or RESTARTED, or None without Cairn."""
        if not self.lib:
            return None
        result = self.lib.cairn_checkpoint()
        if result < 0:
            raise OSError(-result, self.lib.cairn_error().decode())
        return result

    def job(self):
        """What cairn_job() tells; None without Cairn."""
        job = Job(size=ctypes.sizeof(Job))
        return job if self.lib and self.lib.cairn_job(ctypes.byref(job)) == 0 else None

    @contextlib.contextmanager
    def section(self):
        """No checkpoint is taken inside."""
        if self.lib:
            self.lib.cairn_disable()
        try:
            yield
        finally:
            if self.lib:
                self.lib.cairn_enable()


def main():
    cairn = Cairn()
    for step in range(1, int(sys.argv[1] if len(sys.argv) > 1 else 10) + 1):
        time.sleep(1)
        with cairn.section():
            print("step", step, flush=True)
        result = cairn.checkpoint()
        if result == SAVED:
            print("saved as", cairn.job().checkpoint, flush=True)
        elif result == RESTARTED:
            print("restarted", cairn.job().restarts, flush=True)


main()
