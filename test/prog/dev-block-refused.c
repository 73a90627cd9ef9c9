// SPDX-License-Identifier: Apache-2.0
/* An open block device is refused. */
#include "prog.h"

#include <sys/sysmacros.h>

/* A loop device, or the first virtual disk. */
static int open_disk(dev_t dev)
{
	if (mknod(prog_path("disk"), S_IFBLK | 0600, dev))
		prog_skip("no block device to be made");
	return open(prog_path("disk"), O_RDONLY | O_NONBLOCK);
}

int main(int argc, char **argv)
{
	int fd;

	prog_init(argc, argv);
	fd = open_disk(makedev(7, 0));
	if (fd < 0 && !unlink(prog_path("disk")))
		fd = open_disk(makedev(254, 0));
	if (fd < 0)
		prog_skip("no block device to be opened");
	prog_ready();
	prog_wait();
	prog_pass();
}
