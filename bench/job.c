// SPDX-License-Identifier: Apache-2.0
//
// The job that is measured: holds some memory and watches the clock. Carries out, with the same
// memory, what its checkpoint and its restart are compared with.
// Usage: job BOARD [MIB 4k|thp FILE]
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"

#define CHUNK (1ul << 20)
#define HUGE (2ul << 20)
#define GAP_NS 1000000

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

static char *memory;
static size_t size;
static int advice = MADV_NOHUGEPAGE;
static const char *scratch;

static void *fresh(void)
{
	char *p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before;

	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p & (HUGE - 1);
	if (before)
		munmap(p, before);
	munmap(p + before + size, HUGE - before);
	return p + before;
}

/* Words that no codec makes smaller. */
static void fill(void)
{
	uint64_t *p = (uint64_t *)memory, *end = (uint64_t *)(memory + size);
	uint64_t x = 88172645463325252ull;

	while (p < end) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		*p++ = x;
	}
}

static int64_t bare_fork(void)
{
	int64_t start = board_now(), end;
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		syscall(SYS_exit_group, 0);
	end = board_now();
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return end - start;
}

static void write_file(volatile int64_t *result)
{
	int fd = open(scratch, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int64_t start = board_now();
	size_t done = 0;
	ssize_t n = 1;

	for (; done < size && n > 0; done += n)
		n = write(fd, memory + done, CHUNK);
	result[0] = board_now() - start;
	if (n <= 0 || fsync(fd))
		result[0] = -errno;
	result[1] = board_now() - start;
	close(fd);
	unlink(scratch);
}

static int64_t copy(void)
{
	long fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int64_t start, took = -ENOMEM;
	char *to = fresh();
	size_t at;

	if (fd < 0 || !to)
		return -errno;
	madvise(to, size, MADV_NOHUGEPAGE);
	reg.range.start = (uintptr_t)to;
	reg.range.len = size;
	if (!ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &reg)) {
		start = board_now();
		for (at = 0; at < size; at += CHUNK) {
			struct uffdio_copy c = { .dst = (uintptr_t)to + at,
						 .src = (uintptr_t)memory + at, .len = CHUNK };

			if (ioctl(fd, UFFDIO_COPY, &c))
				break;
		}
		took = at == size ? board_now() - start : -errno;
	}
	close(fd);
	munmap(to, size);
	return took;
}

static int64_t huge_bytes(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	long long kib = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "AnonHugePages: %lld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib * 1024;
}

static void carry_out(struct board *b)
{
	switch (b->order) {
	case BOARD_FORK:
		b->result[0] = bare_fork();
		break;
	case BOARD_WRITE:
		write_file(b->result);
		break;
	case BOARD_COPY:
		b->result[0] = copy();
		break;
	case BOARD_HUGE:
		b->result[0] = huge_bytes();
		break;
	}
	__atomic_store_n(&b->order, BOARD_NONE, __ATOMIC_SEQ_CST);
}

static void watch(struct board *b)
{
	int64_t last = board_now(), now;

	for (;;) {
		now = board_now();
		if (now - last > b->longest)
			b->longest = now - last;
		if (now - last >= GAP_NS) {
			uint64_t i = b->ngaps % BOARD_GAPS;

			b->gaps[i].length = now - last;
			b->gaps[i].end = now;
			b->ngaps++;
		}
		last = now;
		if (b->order) {
			carry_out(b);
			last = board_now();
		}
	}
}

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	struct board *b;

	if (fd < 0)
		return 2;
	b = mmap(NULL, BOARD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (b == MAP_FAILED)
		return 2;
	if (argc == 5) {
		size = strtoul(argv[2], NULL, 10) << 20;
		if (!strcmp(argv[3], "thp"))
			advice = MADV_HUGEPAGE;
		scratch = argv[4];
		memory = fresh();
		if (!memory)
			return 2;
		madvise(memory, size, advice);
		fill();
	}
	b->ready = 1;
	watch(b);
}
