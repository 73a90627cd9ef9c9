/* SPDX-License-Identifier: Apache-2.0 */
/* Workers whose children are born and gone all the while. */
#ifndef TEST_CHURN_H
#define TEST_CHURN_H

#include "prog.h"

/* Each child is waited for when the last of so many after it is to be born. */
static inline void churn_work(int n, int live, void (*brief)(int n))
{
	struct {
		pid_t pid;
		int n;
	} kids[live], *kid;
	int status, i;

	memset(kids, 0, sizeof(kids));
	for (i = 0; i < live || !prog_done(); i++) {
		kid = &kids[i % live];
		if (kid->pid) {
			CHECK_EQ(waitpid(kid->pid, &status, 0), kid->pid);
			CHECK_EQ(status, kid->n % 100 << 8);
		}
		kid->n = ++n;
		kid->pid = prog_fork();
		if (!kid->pid) {
			brief(n);
			_exit(n % 100);
		}
	}
	for (i = 0; i < live; i++) {
		CHECK_EQ(waitpid(kids[i].pid, &status, 0), kids[i].pid);
		CHECK_EQ(status, kids[i].n % 100 << 8);
	}
	_exit(0);
}

/* The program: so many workers, each with so many children alive. */
static inline void churn(int workers, int live, void (*brief)(int n))
{
	pid_t kids[workers];
	int i;

	for (i = 0; i < workers; i++) {
		kids[i] = prog_fork();
		if (!kids[i])
			churn_work(i * 13, live, brief);
	}
	prog_ready();
	prog_wait();
	for (i = 0; i < workers; i++)
		prog_reap(kids[i]);
	prog_pass();
}

#endif
