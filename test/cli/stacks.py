# SPDX-License-Identifier: Apache-2.0
# stacks.py GDB JSON [MODULE…]: what frames.py printed of a core, and what crimage backtrace --json
# tells of the image: the same threads, the same frames, and in the modules the same functions. The
# thread "watcher" may be anywhere.
import json
import sys

with open(sys.argv[1]) as f:
    lines = [line.split() for line in f]
storage = {line[2]: int(line[1]) for line in lines if line[0] == "TID"}
gdb = {storage[line[1]]: [frame.split(":", 1) for frame in line[2:line.index("|")]]
       for line in lines if line[0] == "FRAMES"}
with open(sys.argv[2]) as f:
    threads = [t for p in json.load(f)["processes"] for t in p["threads"]
               if not t.get("ended")]
wrong = 0
if sorted(gdb) != sorted(t["tid"] for t in threads):
    sys.exit("other threads: %s, %s" % (sorted(gdb), sorted(t["tid"] for t in threads)))
for t in threads:
    ours = [(f["pc"][2:], f.get("function", "?"), f.get("module", "?"), f.get("signal"))
            for f in t["frames"]]
    theirs = gdb[t["tid"]]
    same = len(ours) == len(theirs)
    for (pc, name, module, signal), (gdb_pc, gdb_name) in zip(ours, theirs):
        same &= pc == gdb_pc and bool(signal) == (gdb_name == "signal")
        # C++ has arguments in its names, which hold spaces: frames.py leaves those out.
        if any(module.endswith(m) for m in sys.argv[3:]) and not signal:
            same &= name.split("(")[0].replace(" ", "") == gdb_name.split("(")[0]
    if not same and t["name"] != "watcher":
        wrong += 1
        print("thread %d %s\n  crimage %s\n  gdb     %s" %
              (t["tid"], t["name"], " ".join("%s:%s" % f[:2] for f in ours),
               " ".join("%s:%s" % tuple(f) for f in theirs)))
sys.exit(1 if wrong else 0)
