// SPDX-License-Identifier: Apache-2.0
/* Runs a program from memory: in-memory FILE ARG... */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int from = open(argv[1], O_RDONLY), fd = memfd_create("program", MFD_CLOEXEC);

	while (sendfile(fd, from, NULL, 1 << 20) > 0)
		;
	fexecve(fd, argv + 1, environ);
	perror(argv[1]);
	return 1;
}
