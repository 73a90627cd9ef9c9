// SPDX-License-Identifier: Apache-2.0
//
// Attaches SysV segments and lets go of them again, on and on, as who saves them does once.
// usage: attach ID...
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>

int main(int argc, char **argv)
{
	int i;

	puts("ready");
	fflush(stdout);
	for (;;)
		for (i = 1; i < argc; i++) {
			void *p = shmat(atoi(argv[i]), NULL, 0);

			if (p == (void *)-1)
				return 0;
			shmdt(p);
		}
}
