// SPDX-License-Identifier: Apache-2.0
/*
 * deny HOW CALL[:ARGUMENT=VALUE] COMMAND…: runs it under a filter in which one system call, or only
 * with that argument, fails with the error HOW, or with "kill" ends the process. So an older kernel
 * can be played, and a death in the middle of things.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)

int main(int argc, char **argv)
{
	unsigned int call, argument = 0, value = 0, what;
	int n = argc > 3 ? sscanf(argv[2], "%u:%u=%u", &call, &argument, &value) : 0;

	if (n != 1 && n != 3) {
		fprintf(stderr, "usage: deny HOW CALL[:ARGUMENT=VALUE] COMMAND...\n");
		return 2;
	}
	what = strcmp(argv[1], "kill") ? SECCOMP_RET_ERRNO | (atoi(argv[1]) & 0xfff) :
					 SECCOMP_RET_KILL_PROCESS;
	struct sock_filter filter[] = {
		LOAD(offsetof(struct seccomp_data, nr)),
		UNLESS(call, 3),
		LOAD(offsetof(struct seccomp_data, args) + 8 * argument),
		UNLESS(value, n == 3 ? 1 : 0),
		RETURN(what),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("deny");
		return 77;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
