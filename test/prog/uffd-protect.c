// SPDX-License-Identifier: Apache-2.0
/* Pages that are write-protected by a userfaultfd stay so: a write to one is reported, one to
 * another is not. */
#include "prog.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>

#define N 16

static int fd;
static char *mem;
static atomic_int asked[N];

static void protect(size_t first, size_t n, bool on)
{
	struct uffdio_writeprotect wp = { { (uintptr_t)mem + first * PAGE, n * PAGE },
					  on ? UFFDIO_WRITEPROTECT_MODE_WP : 0 };

	CHECK(!ioctl(fd, UFFDIO_WRITEPROTECT, &wp));
}

static void *monitor(void *arg)
{
	struct uffd_msg m;
	size_t page;

	while (read(fd, &m, sizeof(m)) == sizeof(m)) {
		CHECK(m.event == UFFD_EVENT_PAGEFAULT &&
		      m.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP);
		page = (m.arg.pagefault.address - (uintptr_t)mem) / PAGE;
		CHECK(page < N);
		asked[page]++;
		protect(page, 1, false);
	}
	CHECK(0);
	return arg;
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	pthread_t t;
	int i;

	prog_init(argc, argv);
	fd = syscall(SYS_userfaultfd, O_CLOEXEC | 1);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		prog_skip("no userfaultfd for write protection");
	mem = prog_map(N * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	prog_fill(mem, N * PAGE, 7);
	reg.range.start = (uintptr_t)mem;
	reg.range.len = N * PAGE;
	CHECK(!ioctl(fd, UFFDIO_REGISTER, &reg));
	protect(4, 8, true);
	prog_thread(&t, monitor, NULL);
	((volatile char *)mem)[5 * PAGE] = mem[5 * PAGE];
	prog_ready();
	prog_wait();
	CHECK(prog_filled(mem, N * PAGE, 7));
	CHECK_EQ(asked[5], 1);
	for (i = 0; i < N; i++) {
		((volatile char *)mem)[i * PAGE] = 1;
		CHECK_EQ(asked[i], i >= 4 && i < 12);
	}
	prog_pass();
}
