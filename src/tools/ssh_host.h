// SPDX-License-Identifier: Apache-2.0
//
// Commands on another host by the user's own ssh; see ssh_host.c.
#pragma once

#include <sys/types.h>

struct cr_ssh {
	const char *command; /* with its options, as a shell takes it: "ssh -p 2222" */
	char host[256]; /* or user@host, as ssh takes it */
};

struct cr_ssh_script {
	const char *text; /* of sh, without single quotes and exclamation marks; */
	const char *const *args; /* $1 and so on, up to NULL */
	int in; /* its standard input, or -1: nothing */
	void (*line)(const char *line, void *arg); /* each that it prints */
	void *arg;
};

/* Its exit status, 255: ssh has failed; or -errno. What ssh itself says goes to our stderr. */
int cr_ssh_run(const struct cr_ssh *ssh, const struct cr_ssh_script *script);

/* Starts a program here, interrupts and hangups as they are by default; fds as its first three. */
int cr_ssh_spawn(char *const argv[], const int fds[3], pid_t *pid);
/* As a shell has it, 128 + signal; -errno. */
int cr_ssh_wait(pid_t pid);
