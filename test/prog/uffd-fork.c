// SPDX-License-Identifier: Apache-2.0
/* A userfaultfd that wants to hear of forks does not hold up a checkpoint, nor hear of its own. */
#include "prog.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

static int fd;
static char *mem;

static void *monitor(void *arg)
{
	static char src[PAGE] __attribute__((aligned(4096)));
	struct uffdio_copy copy = { .src = (uintptr_t)src, .len = PAGE };
	struct uffd_msg m;

	memset(src, 7, PAGE);
	while (read(fd, &m, sizeof(m)) == sizeof(m)) {
		CHECK_EQ(m.event, UFFD_EVENT_PAGEFAULT);
		copy.dst = m.arg.pagefault.address & ~(PAGE - 1);
		CHECK(!ioctl(fd, UFFDIO_COPY, &copy) || errno == EEXIST);
	}
	CHECK(0);
	return arg;
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_FORK };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t t;

	prog_init(argc, argv);
	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		prog_skip("reports of forks are not permitted");
	mem = prog_map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	reg.range.start = (uintptr_t)mem;
	reg.range.len = 4 * PAGE;
	CHECK(!ioctl(fd, UFFDIO_REGISTER, &reg));
	prog_thread(&t, monitor, NULL);
	CHECK_EQ(mem[0], 7);
	prog_ready();
	prog_wait();
	CHECK_EQ(mem[0], 7);
	CHECK_EQ(mem[2 * PAGE], 7);
	prog_pass();
}
