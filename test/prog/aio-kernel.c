// SPDX-License-Identifier: Apache-2.0
/* Contexts of the kernel's asynchronous I/O keep their ids, what was completed and not yet fetched
 * is fetched in order, and they go on working, with a counter that tells of completions too. */
#include "prog.h"

#include <linux/aio_abi.h>
#include <sys/eventfd.h>

#define N 8

static char bufs[N][512];
static struct iocb cbs[N];
static int file, event;

static void submit(aio_context_t ctx, int i, int op)
{
	struct iocb *cb = &cbs[i];

	*cb = (struct iocb){ .aio_data = 100 + i,
			     .aio_lio_opcode = op,
			     .aio_fildes = file,
			     .aio_buf = (uintptr_t)bufs[i],
			     .aio_nbytes = 500 + i,
			     .aio_offset = i * 512,
			     .aio_flags = IOCB_FLAG_RESFD,
			     .aio_resfd = event };
	CHECK_EQ(syscall(SYS_io_submit, ctx, 1, &cb), 1);
}

static void fetch(aio_context_t ctx, int first, int n)
{
	struct io_event e[N];
	int i;

	CHECK_EQ(syscall(SYS_io_getevents, ctx, n, n, e, NULL), n);
	for (i = 0; i < n; i++) {
		CHECK_EQ(e[i].data, 100 + first + i);
		CHECK_EQ(e[i].obj, (uintptr_t)&cbs[first + i]);
		CHECK_EQ(e[i].res, 500 + first + i);
	}
}

int main(int argc, char **argv)
{
	aio_context_t ctx = 0, fresh = 0, full = 0, idle, held;
	struct timespec none = { 0, 0 };
	struct io_event e;
	char same[512];
	uint64_t v;
	int i;

	prog_init(argc, argv);
	file = prog_file("data", N * 512, 1, O_RDWR);
	event = eventfd(0, 0);
	CHECK(event >= 0);
	if (syscall(SYS_io_setup, N, &ctx) || syscall(SYS_io_setup, 1000, &fresh) ||
	    syscall(SYS_io_setup, 4, &full))
		prog_skip("no contexts of asynchronous I/O");
	idle = fresh;
	held = ctx;
	for (i = 0; i < 5; i++)
		submit(ctx, i, IOCB_CMD_PREAD);
	fetch(ctx, 0, 2);
	prog_ready();
	prog_wait();
	CHECK_EQ(read(event, &v, 8), 8);
	CHECK_EQ(v, 5);
	fetch(held, 2, 3);
	CHECK_EQ(syscall(SYS_io_getevents, held, 0, 1, &e, &none), 0);
	for (i = 0; i < 5; i++)
		CHECK(pread(file, same, 500 + i, i * 512) == 500 + i &&
		      !memcmp(same, bufs[i], 500 + i));
	for (i = 0; i < N; i++)
		submit(held, i, IOCB_CMD_PWRITE);
	fetch(held, 0, N);
	submit(idle, 3, IOCB_CMD_PREAD);
	fetch(idle, 3, 1);
	CHECK_EQ(syscall(SYS_io_destroy, held), 0);
	CHECK_EQ(syscall(SYS_io_destroy, idle), 0);
	CHECK(syscall(SYS_io_destroy, held) == -1 && errno == EINVAL);
	for (i = 0; i < 3000; i++) {
		submit(full, i % N, IOCB_CMD_PREAD);
		fetch(full, i % N, 1);
	}
	prog_pass();
}
