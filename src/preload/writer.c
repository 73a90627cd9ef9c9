// SPDX-License-Identifier: Apache-2.0
//
// The writer: a copy-on-write copy of the process that stores its memory into the pack while the
// job goes on.
// Runs in: a process forked by a helper that is a thread in all but name (CLONE_VM|CLONE_VFORK,
// no exit signal), so that the application's wait() sees neither. It has its own address space and
// may do there what it likes. On failure it says so and exits; the job is not touched.
#include <errno.h>
#include <linux/close_range.h>
#include <lz4.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "arch/x86_64/call.h"
#include "arch/x86_64/keys.h"
#include "common/pagemap.h"
#include "preload/hash_avx2.h"
#include "preload/hash_sse2.h"
#include "preload/line.h"
#include "preload/state.h"
#include "preload/agent_text.h"
#include "preload/writer.h"

/* Small enough for what was hashed to be in the cache still when it is written. */
#define BATCH_BYTES (1ul << 20)
#define COPY_BYTES (4ul << 20)
#define BATCH_PIECES 256
#define RANGES_ROOM (128u * 1024)
#define OWN_BYTES (4 * COPY_BYTES)
#define REGIONS 512
#define SYNC_EVERY (64ul << 20)
#define VERIFY_EVERY 16 /* batches: of each such one, a piece is read again */

struct writer {
	int sock, pack, pagemap;
	bool lz4, no_guards;
	bool spare_cache; /* the job's limit on memory counts what the kernel has yet to write */
	uint64_t (*hash)(const void *data, size_t len);
	_Atomic uint64_t *counter;
	char *copies; /* room for a batch of compressed or moving pieces */
	void *lz4_state;
	cairn_Range *ranges; /* to be dumped, RANGES_ROOM of them */
	uint64_t *offsets;
	unsigned int nranges;
	uint32_t flags; /* of the range being dumped */
	uint64_t shift; /* added to its addresses in the image */
	unsigned int npieces;
	uint64_t bytes; /* in the batch */
	uint64_t since_sync, sync_from, batches;
	struct iovec pieces[BATCH_PIECES];
	cairn_WriterDone done;
	struct cr_page_region regions[REGIONS];
	unsigned char resident[32 * 1024];
};

static struct writer writer;
static int writer_sock; /* its end of the connection */

static void __attribute__((noreturn)) writer_leave(int error, uint64_t addr)
{
	cr_agent.out.which_body = cairn_AgentMsg_failure_tag;
	cr_agent.out.body.failure = (cairn_Failure){ .what = cairn_StopFailure_STOP_WRITE,
						     .error = error,
						     .addr = addr };
	agent_send(NULL, 0);
	for (;;)
		cr_sys1(SYS_exit_group, 1);
}

static void writer_say(void)
{
	if (agent_send(NULL, 0))
		writer_leave(EPIPE, 0);
}

/* ---- batches ---- */

static void flush_runs(void)
{
	if (!cr_agent.out.body.runs.runs_count)
		return;
	writer_say();
	cr_agent.out.body.runs.runs_count = 0;
}

static cairn_PageRun *new_run(uint64_t addr, uint64_t len, cairn_Codec codec)
{
	cairn_PageRuns *runs = &cr_agent.out.body.runs;
	cairn_PageRun *r;

	if (runs->runs_count == CR_ARRAY_SIZE(runs->runs))
		flush_runs();
	r = &runs->runs[runs->runs_count++];
	*r = (cairn_PageRun){ .addr = addr + writer.shift, .pages = len / CR_PAGE, .codec = codec };
	return r;
}

static bool within(uint64_t addr, uint64_t len, const void *object, size_t size)
{
	return addr < (uint64_t)object + size && addr + len > (uint64_t)object;
}

/*
 * A piece as it now lies in the pack. What a checkpoint's checksums do not match would be found at
 * its restart, too late; here it costs this checkpoint only.
 */
static void writer_verify(const cairn_PageRun *r)
{
	char *stored = writer.copies + COPY_BYTES, *plain = stored + CR_RUN_BYTES;
	uint64_t len = r->pages * CR_PAGE, addr = r->addr - writer.shift, n = 0;
	long ret = 1;

	for (; n < r->stored && (ret > 0 || ret == -EINTR); n += ret > 0 ? ret : 0)
		ret = cr_sys4(SYS_pread64, writer.pack, stored + n, r->stored - n, r->offset + n);
	if (n < r->stored)
		writer_leave(ret ? -ret : EIO, addr);
	if (writer.hash(stored, r->stored) != r->xxh3)
		writer_leave(EBADMSG, addr);
	if (r->codec == cairn_Codec_CODEC_LZ4 &&
	    (LZ4_decompress_safe(stored, plain, r->stored, len) != (int)len ||
	     (!within(addr, len, &cr_agent, sizeof(cr_agent)) &&
	      !within(addr, len, &writer, sizeof(writer)) &&
	      memcmp(plain, (const void *)addr, len))))
		writer_leave(EBADMSG, addr);
}

static void write_batch(void)
{
	struct writer *w = &writer;
	struct iovec *iov = w->pieces;
	unsigned int n = w->npieces, first = cr_agent.out.body.runs.runs_count - n;
	uint64_t at;

	if (!n)
		return;
	at = atomic_fetch_add(w->counter, CR_PAGE_UP(w->bytes));
	for (unsigned int i = 0; i < n; i++) {
		cr_agent.out.body.runs.runs[first + i].offset = at;
		at += iov[i].iov_len;
	}
	at -= w->bytes;
	w->done.stored += w->bytes;
	while (n) {
		long ret = cr_sys5(SYS_pwritev, w->pack, iov, n, at, 0);

		if (ret == -EINTR)
			continue;
		if (ret <= 0)
			writer_leave(ret ? -ret : EIO, (uint64_t)iov->iov_base);
		at += ret;
		w->since_sync += ret;
		while (n && (uint64_t)ret >= iov->iov_len) {
			ret -= iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (char *)iov->iov_base + ret;
			iov->iov_len -= ret;
		}
	}
	/* Another one of each such batch, as small pieces come first in all. */
	first += w->batches / VERIFY_EVERY % w->npieces;
	if (w->batches++ % VERIFY_EVERY == 0)
		writer_verify(&cr_agent.out.body.runs.runs[first]);
	/* Others write in between as well: what is theirs they will drop themselves. */
	if (w->spare_cache) {
		uint64_t from = at - w->since_sync;

		cr_sys4(SYS_sync_file_range, w->pack, from, w->since_sync, 7);
		cr_sys4(SYS_fadvise64, w->pack, from, w->since_sync, 4);
		w->since_sync = 0;
	}
	/* Let the disk begin, so that the sync at the end has less to wait for. */
	if (w->since_sync >= SYNC_EVERY) {
		cr_sys4(SYS_sync_file_range, w->pack, w->sync_from, at - w->sync_from, 2);
		w->sync_from = at;
		w->since_sync = 0;
	}
	w->npieces = 0;
	w->bytes = 0;
	flush_runs();
}

/* One run of at most CR_RUN_BYTES into the batch. */
static void add_piece(uint64_t addr, uint64_t len)
{
	struct writer *w = &writer;
	const void *data = (const void *)addr;
	cairn_PageRun *r;
	int packed = 0;

	if (w->npieces == BATCH_PIECES || w->bytes + len > BATCH_BYTES ||
	    cr_agent.out.body.runs.runs_count == CR_ARRAY_SIZE(cr_agent.out.body.runs.runs))
		write_batch();
	r = new_run(addr, len, cairn_Codec_CODEC_RAW);
	if (w->lz4) {
		packed = LZ4_compress_fast_extState(w->lz4_state, data, w->copies + w->bytes, len,
						    len - CR_PAGE / 2, 1);
		if (packed > 0) {
			data = w->copies + w->bytes;
			r->codec = cairn_Codec_CODEC_LZ4;
		}
	}
	/* Our own state changes while we write: store what it was when its checksum was taken. */
	if (packed <= 0 && (within(addr, len, &cr_agent, sizeof(cr_agent)) ||
			    within(addr, len, &writer, sizeof(writer)))) {
		memcpy(w->copies + w->bytes, data, len);
		data = w->copies + w->bytes;
	}
	r->stored = packed > 0 ? (uint64_t)packed : len;
	r->xxh3 = w->hash(data, r->stored);
	w->pieces[w->npieces++] = (struct iovec){ (void *)data, r->stored };
	w->bytes += r->stored;
	w->done.pages += len / CR_PAGE;
}

static bool is_zero(uint64_t addr)
{
	const uint64_t *p = (const uint64_t *)addr, *end = p + CR_PAGE / 8;

	for (; p < end; p += 8)
		if (p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7])
			return false;
	return true;
}

/* Stores [start, end), leaving out pages of zeros. */
static void add_pages(uint64_t start, uint64_t end)
{
	uint64_t from = start, at;

	for (at = start; at < end; at += CR_PAGE) {
		if (!is_zero(at)) {
			if (at + CR_PAGE - from == CR_RUN_BYTES) {
				add_piece(from, CR_RUN_BYTES);
				from = at + CR_PAGE;
			}
			continue;
		}
		if (at > from)
			add_piece(from, at - from);
		/* Over a file's page, zeros are content; elsewhere they are what a new page is. */
		if (writer.flags & (AGENT_RANGE_FILE | AGENT_RANGE_KEEP_ZEROS)) {
			write_batch();
			new_run(at, CR_PAGE, cairn_Codec_CODEC_ZERO);
		}
		writer.done.zero_pages++;
		from = at + CR_PAGE;
	}
	if (end > from)
		add_piece(from, end - from);
}

/* ---- ranges ---- */

/* Linux before 6.7: an entry of eight bytes for each page. Pages of zeros are found by content. */
static void scan_entries(const struct cr_pagemap_scan *s, void (*fn)(uint64_t, uint64_t))
{
	uint64_t at = s->start, from = 0, *entries = (uint64_t *)writer.resident;
	long room = sizeof(writer.resident) / sizeof(*entries), i, n;

	writer.no_guards = true;
	if (s->category_mask == CR_PAGE_IS_GUARD)
		return;
	for (; at < s->end; at += n * CR_PAGE) {
		n = (long)((s->end - at) / CR_PAGE) < room ? (long)((s->end - at) / CR_PAGE) : room;
		n = cr_sys4(SYS_pread64, writer.pagemap, entries, n * sizeof(*entries),
			    at / CR_PAGE * sizeof(*entries));
		if (n <= 0)
			writer_leave(n ? -n : EIO, at);
		n /= sizeof(*entries);
		for (i = 0; i < n; i++) {
			bool has = entries[i] >> 62 && !(entries[i] >> 61 & 1);

			if (has && !from)
				from = at + i * CR_PAGE;
			if (!has && from)
				fn(from, at + i * CR_PAGE);
			if (!has)
				from = 0;
		}
	}
	if (from)
		fn(from, s->end);
}

static void writer_scan(uint64_t start, uint64_t end, struct cr_pagemap_scan *s,
			void (*fn)(uint64_t, uint64_t))
{
	s->size = sizeof(*s);
	s->start = start;
	s->end = end;
	s->vec = (uint64_t)writer.regions;
	s->vec_len = REGIONS;
	while (s->start < end) {
		long n = cr_sys3(SYS_ioctl, writer.pagemap, CR_PAGEMAP_SCAN, s);

		if (n == -ENOTTY) {
			scan_entries(s, fn);
			return;
		}
		if (n < 0) {
			/* A kernel that does not know guard pages has none. */
			if (s->category_mask == CR_PAGE_IS_GUARD && n == -EINVAL) {
				writer.no_guards = true;
				return;
			}
			writer_leave(-n, s->start);
		}
		for (long i = 0; i < n; i++)
			fn(writer.regions[i].start, writer.regions[i].end);
		if (s->walk_end <= s->start)
			return;
		s->start = s->walk_end;
	}
}

static void add_guard(uint64_t start, uint64_t end)
{
	write_batch();
	while (start < end) {
		uint64_t len = end - start > 1ul << 40 ? 1ul << 40 : end - start;

		new_run(start, len, cairn_Codec_CODEC_GUARD);
		start += len;
	}
}

static void dump_private(const cairn_Range *r)
{
	struct cr_pagemap_scan pages = {
		.category_inverted = CR_PAGE_IS_FILE | CR_PAGE_IS_PFNZERO,
		.category_mask = CR_PAGE_IS_FILE | CR_PAGE_IS_PFNZERO,
		.category_anyof_mask = CR_PAGE_IS_PRESENT | CR_PAGE_IS_SWAPPED,
		.return_mask = CR_PAGE_IS_PRESENT,
	};
	struct cr_pagemap_scan guards = {
		.category_mask = CR_PAGE_IS_GUARD,
		.return_mask = CR_PAGE_IS_GUARD,
	};

	/* First, since it also tells whether this kernel knows guard pages. */
	writer_scan(r->start, r->end, &guards, add_guard);
	if (!writer.no_guards) {
		pages.category_inverted |= CR_PAGE_IS_GUARD;
		pages.category_mask |= CR_PAGE_IS_GUARD;
	}
	if (r->flags & AGENT_RANGE_KEEP_ZEROS) {
		pages.category_inverted &= ~CR_PAGE_IS_PFNZERO;
		pages.category_mask &= ~CR_PAGE_IS_PFNZERO;
	}
	if (r->flags & AGENT_RANGE_PACK_FILE)
		add_pages(r->start, r->end);
	else
		writer_scan(r->start, r->end, &pages, add_pages);
}

static bool swap_used(void)
{
	struct sysinfo si;

	return cr_sys1(SYS_sysinfo, &si) || si.totalswap != si.freeswap;
}

/*
 * Shared memory: what is resident in the object, whoever touched it. Pages in swap do not show:
 * once there is any, all are read, at the price of making holes real.
 */
static void dump_shared(const cairn_Range *r)
{
	uint64_t at = r->start, chunk, i, from;

	if (swap_used()) {
		add_pages(r->start, r->end);
		return;
	}
	for (; at < r->end; at += chunk) {
		chunk = r->end - at;
		if (chunk > sizeof(writer.resident) * CR_PAGE)
			chunk = sizeof(writer.resident) * CR_PAGE;
		if (cr_sys3(SYS_mincore, at, chunk, writer.resident))
			writer_leave(EFAULT, at);
		for (i = from = 0; i <= chunk / CR_PAGE; i++) {
			if (i < chunk / CR_PAGE && writer.resident[i] & 1)
				continue;
			if (i > from)
				add_pages(at + from * CR_PAGE, at + i * CR_PAGE);
			from = i + 1;
		}
	}
}

static void dump(uint32_t shared)
{
	cairn_PageRuns *runs = &cr_agent.out.body.runs;
	unsigned int i;

	memset(&cr_agent.out, 0, offsetof(cairn_AgentMsg, body) + 64);
	cr_agent.out.which_body = cairn_AgentMsg_runs_tag;
	runs->runs_count = 0;
	runs->pid = cr_agent.pid;
	runs->shared = shared;
	for (i = 0; i < writer.nranges; i++) {
		const cairn_Range *r = &writer.ranges[i];

		writer.flags = r->flags;
		/* Shared memory's runs are named by their place in the object. */
		writer.shift = shared ? writer.offsets[i] - r->start : 0;
		if (r->flags & AGENT_RANGE_UNREADABLE)
			cr_sys3(SYS_mprotect, r->start, r->end - r->start, PROT_READ);
		if (shared)
			dump_shared(r);
		else
			dump_private(r);
	}
	write_batch();
	flush_runs();
	writer.nranges = 0;
}

/* ---- the process ---- */

/* At the first message: its own memory, and where to write. */
static void writer_prepare(const int *fds, int nfds, const cairn_Ranges *ranges)
{
	struct writer *w = &writer;
	struct rlimit limit;

	if (nfds != 2 && nfds != 3)
		writer_leave(EPROTO, 0);
	/* A limit on the application's files is not meant for ours. */
	if (!cr_sys4(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		cr_sys4(SYS_prlimit64, 0, RLIMIT_FSIZE, &limit, NULL);
	}
	/* Memory may have been put out of everybody's reach. */
	cr_keys_ignore();
	w->pack = fds[0];
	w->lz4 = ranges->lz4;
	w->spare_cache = ranges->spare_cache;
	w->hash = agent_hash_has_avx2() ? agent_hash_avx2 : agent_hash_sse2;
	/* Which /proc grants its owner; an application may act for somebody else. */
	cr_sys1(SYS_setfsuid, cr_sys0(SYS_geteuid));
	w->pagemap = cr_open_proc(nfds == 3 ? fds[2] : -1, "/proc/self/pagemap", O_RDONLY);
	if (w->pagemap < 0)
		writer_leave(-w->pagemap, 0);
	w->copies = (void *)cr_sys6(SYS_mmap, NULL, OWN_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if ((unsigned long)w->copies > -4096ul)
		writer_leave(ENOMEM, 0);
	w->lz4_state = w->copies + 2 * BATCH_BYTES;
	w->ranges = (void *)(w->copies + 2 * COPY_BYTES);
	w->offsets = (void *)(w->ranges + RANGES_ROOM);
	w->counter = (void *)cr_sys6(SYS_mmap, w->copies + OWN_BYTES - CR_PAGE, CR_PAGE,
				     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fds[1], 0);
	if ((unsigned long)w->counter > -4096ul)
		writer_leave(ENOMEM, 0);
	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_writer_tag;
	cr_agent.out.body.writer.own_start = (uint64_t)w->copies;
	cr_agent.out.body.writer.own_end = (uint64_t)w->copies + OWN_BYTES;
	writer_say();
}

/* All are taken in before the first is dumped, so that neither end waits for the other. */
static void take_ranges(const cairn_Ranges *ranges)
{
	unsigned int i;

	for (i = 0; i < ranges->ranges_count; i++) {
		if (writer.nranges == RANGES_ROOM)
			writer_leave(E2BIG, ranges->ranges[i].start);
		writer.ranges[writer.nranges] = ranges->ranges[i];
		writer.offsets[writer.nranges++] =
			i < ranges->offsets_count ? ranges->offsets[i] : 0;
	}
}

static void write_image(void)
{
	int fds[CR_WIRE_FDS], nfds;
	struct rlimit limit;

	/* What the shepherd sends needs numbers. */
	cr_widen(&limit);
	cr_agent.sock = writer_sock;
	for (;;) {
		const cairn_Ranges *ranges = &cr_agent.in.body.ranges;

		/* The end of the connection: nobody wants the image any more. */
		if (cr_wire_recv(cr_agent.sock, &cr_agent.wire, cairn_ShepherdMsg_fields,
				 &cr_agent.in, fds, &nfds, 0) != 1 ||
		    cr_agent.in.which_body != cairn_ShepherdMsg_ranges_tag)
			cr_sys1(SYS_exit_group, 1);
		if (!writer.copies)
			writer_prepare(fds, nfds, ranges);
		take_ranges(ranges);
		if (!ranges->last)
			continue;
		dump(ranges->shared);
		memset(&cr_agent.out, 0, offsetof(cairn_AgentMsg, body) + 64);
		if (ranges->shared) {
			cr_agent.out.which_body = cairn_AgentMsg_shared_done_tag;
			cr_agent.out.body.shared_done.shared = ranges->shared;
			writer_say();
			continue;
		}
		cr_agent.out.which_body = cairn_AgentMsg_done_tag;
		cr_agent.out.body.done = writer.done;
		writer_say();
		for (;;)
			cr_sys1(SYS_exit_group, 0);
	}
}

/*
 * Shares the application's descriptors until it gives itself a table with nothing but the writer's
 * socket: so the writer never holds one of the application's open.
 */
static void helper(void *unused)
{
	long ret, pid;

	/* The name is inherited: the writer has it from its first moment. */
	cr_sys2(SYS_prctl, PR_SET_NAME, CR_WRITER_NAME);
	ret = cr_sys3(SYS_close_range, writer_sock + 1, ~0u, CLOSE_RANGE_UNSHARE);
	if (!ret && writer_sock)
		ret = cr_sys3(SYS_close_range, 0, writer_sock - 1, 0);
	if (ret) {
		cr_agent.writer_pid = ret;
		return;
	}
	pid = cr_sys5(SYS_clone, 0, 0, 0, 0, 0);
	if (!pid)
		write_image();
	cr_agent.writer_pid = pid;
}

static void lift(bool lifted)
{
	unsigned int i;

	for (i = 0; i < cr_agent.nkeep; i++) {
		const cairn_Range *r = &cr_agent.keep[i];
		uint64_t len = r->end - r->start;

		if ((r->flags & (AGENT_RANGE_SYSV | AGENT_RANGE_DONTFORK)) == AGENT_RANGE_DONTFORK)
			cr_sys3(SYS_madvise, r->start, len, lifted ? MADV_DOFORK : MADV_DONTFORK);
		if (r->flags & AGENT_RANGE_WIPEONFORK)
			cr_sys3(SYS_madvise, r->start, len,
				lifted ? MADV_KEEPONFORK : MADV_WIPEONFORK);
		/* The other way round: to fork is to attach, and everyone sees how many are. */
		if ((r->flags & (AGENT_RANGE_SYSV | AGENT_RANGE_DONTFORK)) == AGENT_RANGE_SYSV)
			cr_sys3(SYS_madvise, r->start, len, lifted ? MADV_DONTFORK : MADV_DOFORK);
	}
}

#define RESET_ON_FORK 1 /* linux/sched.h, which does not go with sched.h */

/* A thread of SCHED_DEADLINE may fork only if the child gets another policy. */
static struct {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
} schedule;

static bool allow_fork(void)
{
	if (cr_sys4(SYS_sched_getattr, 0, &schedule, sizeof(schedule), 0) ||
	    schedule.policy != SCHED_DEADLINE || schedule.flags & RESET_ON_FORK)
		return false;
	schedule.flags |= RESET_ON_FORK;
	return !cr_sys3(SYS_sched_setattr, 0, &schedule, 0);
}

static void forbid_fork(void)
{
	schedule.flags &= ~RESET_ON_FORK;
	cr_sys3(SYS_sched_setattr, 0, &schedule, 0);
}

int agent_fork_writer(int *sock)
{
	bool deadline;
	int status, pair[2];
	long pid;

	pid = CR_WITH_ROOM(
		cr_sys4(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	if (pid < 0)
		return pid;
	*sock = pair[0];
	writer_sock = pair[1];
	memset(&writer, 0, offsetof(struct writer, pieces));
	memset(&writer.done, 0, sizeof(writer.done));
	lift(true);
	deadline = allow_fork();
	cr_agent.writer_pid = -EAGAIN;
	pid = cr_clone_call(CLONE_VM | CLONE_VFORK | CLONE_FILES,
			    cr_agent.helper_stack + AGENT_STACK, helper, NULL);
	if (deadline)
		forbid_fork();
	lift(false);
	cr_sys1(SYS_close, writer_sock);
	while (pid >= 0 && cr_sys4(SYS_wait4, pid, &status, __WALL, NULL) == -EINTR)
		;
	if (pid >= 0 && cr_agent.writer_pid >= 0)
		return 0;
	cr_sys1(SYS_close, *sock);
	return pid < 0 ? pid : cr_agent.writer_pid;
}
