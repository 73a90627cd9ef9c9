// SPDX-License-Identifier: Apache-2.0
/* Files, a FIFO and a unix socket in folders of their own, which may be gone at the restart. */
#include <sys/socket.h>
#include <sys/un.h>

#include "prog.h"

static void folder(const char *name, mode_t mode)
{
	CHECK(!mkdir(prog_path(name), mode));
	CHECK(!chmod(prog_path(name), mode));
}

int main(int argc, char **argv)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX }, got;
	socklen_t len = sizeof(got);
	char buf[16];
	struct stat st;
	int file, fifo, listener, log;

	prog_init(argc, argv);
	folder("a", 0750);
	folder("a/b", 02711);
	folder("a/c", 0700);
	folder("a/d", 0755);
	CHECK(!chdir(prog_path("a")));
	file = open("b/file", O_RDWR | O_CREAT | O_EXCL, 0640);
	CHECK(file >= 0 && write(file, "content", 7) == 7);
	log = open("b/log", O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(log >= 0 && write(log, "begin", 5) == 5);
	CHECK(!mkfifo("c/fifo", 0600));
	fifo = open("c/fifo", O_RDWR);
	CHECK(fifo >= 0 && write(fifo, "queued", 6) == 6);
	snprintf(name.sun_path, sizeof(name.sun_path), "d/socket");
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!bind(listener, (void *)&name, sizeof(name)) && !listen(listener, 1));
	prog_ready();
	prog_wait();
	CHECK(pread(file, buf, 16, 0) == 7 && !memcmp(buf, "content", 7));
	CHECK(write(log, " end", 4) == 4);
	CHECK(!stat(prog_path("a/b/log"), &st) && st.st_size == 9);
	CHECK(read(fifo, buf, 16) == 6 && !memcmp(buf, "queued", 6));
	CHECK(!getsockname(listener, (void *)&got, &len) && !strcmp(got.sun_path, "d/socket"));
	CHECK(!stat(prog_path("a"), &st) && (st.st_mode & 07777) == 0750);
	CHECK(!stat(prog_path("a/b"), &st) && (st.st_mode & 07777) == 02711);
	CHECK(!stat(prog_path("a/c"), &st) && (st.st_mode & 07777) == 0700);
	CHECK(!stat(prog_path("a/c/fifo"), &st) && S_ISFIFO(st.st_mode));
	CHECK(!stat(prog_path("a/b/file"), &st) && S_ISREG(st.st_mode));
	file = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!connect(file, (void *)&name, sizeof(name)));
	prog_pass();
}
