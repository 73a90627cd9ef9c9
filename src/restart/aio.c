// SPDX-License-Identifier: Apache-2.0
//
// Contexts of the kernel's asynchronous I/O. A context's id is the address of the ring that it
// shares with its process; moving the ring moves the context. So one of the same size is set up,
// brought to where the saved one stood by requests that do nothing, and given the saved
// completions.
// Runs in: a process that is about to become a saved one, to whose address space contexts belong.
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "restart/aio.h"
#include "restart/restart.h"

struct ring {
	uint32_t id, nr, head, tail, magic, compatible, incompatible, header;
	struct io_event events[];
};

/* Completes n requests; unless they are kept they are taken at once. */
static int aio_complete(aio_context_t context, int null, uint32_t n, bool keep)
{
	struct ring *ring = (void *)context;
	struct iocb cb, *list[1] = { &cb };
	char byte;

	while (n--) {
		cb = (struct iocb){ .aio_lio_opcode = IOCB_CMD_PREAD,
				    .aio_fildes = null,
				    .aio_buf = (uintptr_t)&byte,
				    .aio_nbytes = 1 };
		if (syscall(SYS_io_submit, context, 1, list) != 1)
			return -errno;
		if (!keep)
			ring->head = ring->tail;
	}
	return 0;
}

static int aio_make(const struct ring *saved, uint64_t len, uint64_t at)
{
	/* The kernel doubles what is asked for, adds two and fills up the last page. */
	uint32_t room = (len - sizeof(*saved)) / sizeof(struct io_event);
	cr_auto_fd null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	aio_context_t context = 0;
	struct ring *ring;
	int ret;

	if (null < 0 || saved->nr > room || saved->head >= saved->nr || saved->tail >= saved->nr)
		return -EINVAL;
	if (syscall(SYS_io_setup, (room - 2) / 2, &context))
		return -errno;
	ring = (void *)context;
	if (ring->nr != saved->nr)
		return -ENOSPC;
	ret = aio_complete(context, null, saved->head, false);
	if (!ret)
		ret = aio_complete(context, null,
				   (saved->tail + saved->nr - saved->head) % saved->nr, true);
	if (ret)
		return ret;
	memcpy(ring->events, saved->events, saved->nr * sizeof(struct io_event));
	if (mremap(ring, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED)
		return -errno;
	return 0;
}

int cr_aio_make(const cairn_Vma *v, int content, uint64_t at, struct cr_err *err)
{
	uint64_t len = v->end - v->start;
	struct ring *saved = mmap(NULL, len, PROT_READ, MAP_PRIVATE, content, 0);
	int ret;

	if (saved == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "reading a context of AIO");
	ret = len > sizeof(*saved) ? aio_make(saved, len, at) : -EINVAL;
	munmap(saved, len);
	if (ret)
		return cr_fail(
			err, CR_EXIT_CHANGED, -ret,
			"cannot make a context of asynchronous I/O for process %d again (see "
			"fs.aio-max-nr; a host with many more CPUs has larger ones)",
			v->pid);
	return 0;
}
