// SPDX-License-Identifier: Apache-2.0
/* Pages that are missing from a registered range stay missing and are asked for when touched, those
 * that were given stay, zeros among them; a thread that waits for one gets it. */
#include "prog.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>

#define N 32

static int fd;
static char *mem;
static atomic_int asked[N], hold, waiting;

static void give(size_t page, int value)
{
	static char src[PAGE] __attribute__((aligned(4096)));
	struct uffdio_copy copy = { .dst = (uintptr_t)mem + page * PAGE,
				    .src = (uintptr_t)src,
				    .len = PAGE };
	struct uffdio_zeropage zero = { .range = { copy.dst, PAGE } };

	memset(src, value, PAGE);
	if (value ? ioctl(fd, UFFDIO_COPY, &copy) : ioctl(fd, UFFDIO_ZEROPAGE, &zero))
		CHECK_EQ(errno, EEXIST);
}

static void *monitor(void *arg)
{
	struct uffd_msg m;
	size_t page;

	for (;;) {
		if (read(fd, &m, sizeof(m)) != sizeof(m)) {
			struct pollfd p = { fd, POLLIN, 0 };

			CHECK(errno == EAGAIN || errno == EINTR);
			poll(&p, 1, -1);
			continue;
		}
		CHECK_EQ(m.event, UFFD_EVENT_PAGEFAULT);
		page = (m.arg.pagefault.address - (uintptr_t)mem) / PAGE;
		CHECK(page < N);
		asked[page]++;
		if (page == 20)
			waiting = 1;
		while (page == 20 && hold)
			prog_nap_ms(1);
		give(page, page + 1);
	}
	return arg;
}

static void *toucher(void *arg)
{
	CHECK_EQ(mem[20 * PAGE], 21);
	return arg;
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t t, u;
	int i, before;

	prog_init(argc, argv);
	fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		prog_skip("no userfaultfd");
	mem = prog_map(N * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	reg.range.start = (uintptr_t)mem;
	reg.range.len = N * PAGE;
	CHECK(!ioctl(fd, UFFDIO_REGISTER, &reg));
	hold = 1;
	prog_thread(&t, monitor, NULL);
	for (i = 0; i < 5; i++)
		CHECK_EQ(mem[i * PAGE], i + 1);
	give(5, 0);
	give(6, 0);
	mem[6 * PAGE] = 0;
	prog_thread(&u, toucher, NULL);
	while (!waiting)
		prog_nap_ms(1);
	prog_ready();
	prog_wait();
	for (i = 0; i < 5; i++)
		CHECK(mem[i * PAGE] == i + 1 && asked[i] == 1);
	CHECK(!mem[5 * PAGE] && !asked[5] && !mem[6 * PAGE + 9] && !asked[6]);
	before = asked[20];
	CHECK(before >= 1);
	hold = 0;
	pthread_join(u, NULL);
	for (i = 7; i < N; i++) {
		if (i != 20)
			CHECK_EQ(asked[i], 0);
		CHECK_EQ(mem[i * PAGE], i + 1);
		CHECK(asked[i] >= 1);
	}
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	prog_pass();
}
