// SPDX-License-Identifier: Apache-2.0
/* Capabilities of all sets, and securebits, of a process that is no longer root. */
#include "prog.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

#define BIT(cap) (1u << (cap))

static void check(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];
	int cap;

	CHECK(!syscall(SYS_capget, &h, d));
	CHECK_EQ(d[0].permitted, BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_CHOWN));
	CHECK_EQ(d[0].effective, BIT(CAP_NET_BIND_SERVICE));
	CHECK_EQ(d[0].inheritable, BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_KILL));
	CHECK_EQ(d[1].permitted | d[1].effective | d[1].inheritable, 0);
	for (cap = 0; cap <= CAP_AUDIT_READ; cap++) {
		CHECK_EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0),
			 cap == CAP_NET_BIND_SERVICE);
		if (cap == CAP_SYS_TIME)
			CHECK_EQ(prctl(PR_CAPBSET_READ, cap), 0);
	}
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_CHOWN), 1);
	CHECK_EQ(prctl(PR_GET_SECUREBITS), SECBIT_NOROOT | SECBIT_NOROOT_LOCKED);
	CHECK_EQ(getuid(), 4321);
}

int main(int argc, char **argv)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0 } };
	pid_t child;

	prog_init(argc, argv);
	if (geteuid())
		prog_skip("only root has capabilities to keep");
	CHECK(!chmod(prog_dir, 0777));
	child = prog_fork();
	if (!child) {
		CHECK(!prctl(PR_CAPBSET_DROP, CAP_SYS_TIME));
		CHECK(!prctl(PR_SET_KEEPCAPS, 1));
		CHECK(!setresuid(4321, 4321, 4321));
		CHECK(!prctl(PR_SET_KEEPCAPS, 0));
		d[0].permitted = BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_CHOWN) | BIT(CAP_SETPCAP);
		d[0].effective = BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SETPCAP);
		d[0].inheritable = BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_KILL);
		CHECK(!syscall(SYS_capset, &h, d));
		CHECK(!prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0));
		CHECK(!prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED));
		d[0].permitted &= ~BIT(CAP_SETPCAP);
		d[0].effective &= ~BIT(CAP_SETPCAP);
		CHECK(!syscall(SYS_capset, &h, d));
		check();
		prog_mark("set");
		prog_watch(check);
		_exit(0);
	}
	prog_await("set");
	prog_ready();
	prog_wait();
	prog_reap(child);
	prog_pass();
}
