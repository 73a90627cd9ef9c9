# SPDX-License-Identifier: Apache-2.0
# pages.py save PID FILE: notes what every page of a process's memory holds.
# pages.py compare BEFORE AFTER CORE: what was the same before and after the checkpoint must be so in
# the core, and what nobody could read must have no content there.
import hashlib
import mmap
import pickle
import struct
import sys

PAGE = 4096
LARGE = 256 << 20


def save(pid):
    pages, agent = {}, 0
    with open("/proc/%s/maps" % pid) as maps, open("/proc/%s/mem" % pid, "rb", 0) as mem:
        for line in maps:
            fields = line.split(maxsplit=5)
            start, end = (int(x, 16) for x in fields[0].split("-"))
            name = fields[5].strip() if len(fields) > 5 else ""
            # Its own data is the agent's: what it holds during a checkpoint is wiped.
            if name.endswith("/libcairn.so") or (not name and start == agent):
                agent = end
                if "w" in fields[1]:
                    continue
            if name.startswith(("[vvar", "[vsyscall")) or end - start > LARGE:
                continue
            for at in range(start, end, PAGE):
                try:
                    mem.seek(at)
                    data = mem.read(PAGE)
                except OSError:
                    data = None
                pages[at] = (fields[1], name, data and hashlib.md5(data).digest())
    return pages


def segments(core):
    phoff, phnum = struct.unpack_from("<Q", core, 32)[0], struct.unpack_from("<H", core, 56)[0]
    for i in range(phnum):
        kind, _, offset, vaddr, _, filesz, memsz, _ = struct.unpack_from(
            "<IIQQQQQQ", core, phoff + i * 56)
        if kind == 1:
            yield vaddr, memsz, filesz, offset


def compare(before, after, path):
    with open(path, "rb") as f:
        core = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
    zeros = hashlib.md5(bytes(PAGE)).digest()
    place, named = {}, set()
    for vaddr, memsz, filesz, offset in segments(core):
        if memsz > LARGE:
            continue
        named.update(range(vaddr, vaddr + memsz, PAGE))
        for at in range(0, filesz, PAGE):
            place[vaddr + at] = offset + at
    same = wrong = 0
    for at, page in before.items():
        if after.get(at) != page:
            continue
        prot, name, digest = page
        if at in place:
            got = hashlib.md5(core[place[at]:place[at] + PAGE]).digest()
        else:
            got = None
        same += 1
        # Nobody else reads secret memory; what nobody may touch is left out.
        if got == digest or (digest is None and "secretmem" in name) or \
                (got is None and prot.startswith("---") and digest == zeros):
            if at in named:
                continue
        wrong += 1
        if wrong < 5:
            print("%#x %s %s: live %s, core %s%s" % (at, prot, name, digest and digest.hex()[:8],
                  got and got.hex()[:8], "" if at in named else ", in no segment"))
    print("%d pages, %d of them wrong" % (same, wrong))
    return 1 if wrong or not same else 0


if sys.argv[1] == "save":
    with open(sys.argv[3], "wb") as out:
        pickle.dump(save(sys.argv[2]), out)
else:
    with open(sys.argv[2], "rb") as f, open(sys.argv[3], "rb") as g:
        sys.exit(compare(pickle.load(f), pickle.load(g), sys.argv[4]))
