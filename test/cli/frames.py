# SPDX-License-Identifier: Apache-2.0
# Run by gdb: what it sees of each thread, one per line, in a form that is the same for a process
# and for a core: the thread's own storage (its id may be another), the registers that no system
# call changes, and the functions from the innermost to the outermost one.
import gdb

KEPT = ("rbx rbp rsp r12 r13 r14 r15 rip eflags fs_base mxcsr fctrl "
        "xmm1 xmm7 xmm15 ymm7 k1 zmm20 st0").split()


def value(frame, name):
    parts = {"xmm": "v2_int64", "ymm": "v4_int64", "zmm": "v8_int64"}.get(name[:3])
    try:
        v = frame.read_register(name)
        return str(v[parts] if parts else v).replace(" ", "")
    except ValueError:
        return "-"


def functions(frame):
    found = []
    while frame is not None:
        # What is only in debug information: functions inside of others, and calls by a jump.
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            symbol = str(frame.name()).replace(" ", "")
            if frame.type() == gdb.SIGTRAMP_FRAME:
                symbol = "signal"
            found.append("%x:%s" % (frame.pc(), symbol))
        frame = frame.older()
    return found


gdb.execute("set backtrace past-main on")
lines = []
for thread in gdb.selected_inferior().threads():
    thread.switch()
    frame = gdb.newest_frame()
    # libthread_db tells of a first thread that has ended.
    if value(frame, "rip") == "<unavailable>":
        continue
    while frame.type() in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
        frame = frame.older()
    regs = ["%s=%s" % (r, value(frame, r)) for r in KEPT]
    print("TID %d %s" % (thread.ptid[1], value(frame, "fs_base")))
    lines.append("%s %s | %s" % (value(frame, "fs_base"), " ".join(functions(gdb.newest_frame())),
                                 " ".join(regs)))
print("\n".join("FRAMES " + line for line in sorted(lines)))
