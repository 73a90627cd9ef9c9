// SPDX-License-Identifier: Apache-2.0
/* POSIX asynchronous I/O, which the C library does with threads: one read waits for a pipe, others
 * are done and not yet asked for, more are begun afterwards. */
#include "prog.h"

#include <aio.h>

static void await(struct aiocb *cb)
{
	const struct aiocb *list[] = { cb };

	while (aio_error(cb) == EINPROGRESS)
		CHECK(!aio_suspend(list, 1, NULL) || errno == EINTR);
}

int main(int argc, char **argv)
{
	char text[16] = "", part[100], out[100];
	struct aiocb wait = { 0 }, done = { 0 }, put = { 0 };
	int p[2], file;

	prog_init(argc, argv);
	CHECK(!pipe(p));
	file = prog_file("data", 4096, 5, O_RDWR);
	wait.aio_fildes = p[0];
	wait.aio_buf = text;
	wait.aio_nbytes = 5;
	CHECK(!aio_read(&wait));
	done.aio_fildes = file;
	done.aio_buf = part;
	done.aio_nbytes = sizeof(part);
	CHECK(!aio_read(&done));
	await(&done);
	prog_ready();
	prog_wait();
	CHECK_EQ(aio_error(&wait), EINPROGRESS);
	CHECK_EQ(aio_error(&done), 0);
	CHECK_EQ(aio_return(&done), sizeof(part));
	CHECK(prog_filled(part, sizeof(part), 5));
	CHECK_EQ(write(p[1], "hello", 5), 5);
	await(&wait);
	CHECK_EQ(aio_return(&wait), 5);
	CHECK(!strcmp(text, "hello"));
	prog_fill(out, sizeof(out), 6);
	put.aio_fildes = file;
	put.aio_buf = out;
	put.aio_nbytes = sizeof(out);
	put.aio_offset = 300;
	CHECK(!aio_write(&put));
	await(&put);
	CHECK_EQ(aio_return(&put), sizeof(out));
	CHECK(pread(file, part, sizeof(part), 300) == sizeof(part) &&
	      prog_filled(part, sizeof(part), 6));
	prog_pass();
}
