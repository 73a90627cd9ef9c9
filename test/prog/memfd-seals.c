// SPDX-License-Identifier: Apache-2.0
/* Seals of every kind, also those that forbid what was done before: a file mapped for writing and
 * then sealed against future writes, one mapped for reading and sealed against all. */
#include "prog.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8
#endif

#define LEN (4 * PAGE)

static int make(const char *name, unsigned int flags, uint64_t seed)
{
	char buf[LEN];
	int fd = memfd_create(name, flags);

	CHECK(fd >= 0 && !ftruncate(fd, LEN));
	prog_fill(buf, LEN, seed);
	CHECK_EQ(pwrite(fd, buf, LEN, 0), LEN);
	return fd;
}

int main(int argc, char **argv)
{
	int future, written, none, final, noexec, reader;
	char *w, *r, byte, path[64];
	struct stat st;

	prog_init(argc, argv);
	future = make("future", MFD_ALLOW_SEALING, 1);
	w = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED, future);
	CHECK(!fcntl(future, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	written = make("written", MFD_ALLOW_SEALING | MFD_CLOEXEC, 2);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", written);
	reader = open(path, O_RDONLY);
	CHECK(reader >= 0);
	r = prog_map(LEN, PROT_READ, MAP_SHARED, reader);
	CHECK(!fcntl(written, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK));
	none = make("none", 0, 3);
	final = make("final", MFD_ALLOW_SEALING, 4);
	CHECK(!fcntl(final, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL));
	noexec = memfd_create("noexec", MFD_NOEXEC_SEAL);
	prog_ready();
	prog_wait();
	CHECK_EQ(fcntl(future, F_GET_SEALS), F_SEAL_FUTURE_WRITE);
	CHECK(prog_filled(w, LEN, 1));
	w[5] = 77;
	CHECK(pread(future, &byte, 1, 5) == 1 && byte == 77);
	CHECK(pwrite(future, "x", 1, 0) == -1 && errno == EPERM);
	CHECK(mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, future, 0) == MAP_FAILED);
	CHECK_EQ(fcntl(written, F_GET_SEALS), F_SEAL_WRITE | F_SEAL_SHRINK);
	CHECK(prog_filled(r, LEN, 2));
	CHECK(mprotect(r, LEN, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
	CHECK(pwrite(written, "x", 1, 0) == -1 && errno == EPERM);
	CHECK_EQ(fcntl(none, F_GET_SEALS), F_SEAL_SEAL);
	CHECK(!ftruncate(none, 2 * LEN));
	CHECK_EQ(fcntl(final, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SEAL);
	CHECK(fcntl(final, F_ADD_SEALS, F_SEAL_SHRINK) == -1 && errno == EPERM);
	CHECK(ftruncate(final, 2 * LEN) == -1 && errno == EPERM);
	if (noexec >= 0) {
		CHECK_EQ(fcntl(noexec, F_GET_SEALS), F_SEAL_EXEC);
		CHECK(!fstat(noexec, &st) && !(st.st_mode & 0111));
		CHECK(fchmod(noexec, 0755) == -1 && errno == EPERM);
	}
	CHECK(!fstat(none, &st));
	CHECK_EQ(st.st_mode & 0777, 0777);
	prog_pass();
}
