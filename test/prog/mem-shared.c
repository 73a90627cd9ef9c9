// SPDX-License-Identifier: Apache-2.0
/* Anonymous shared memory stays shared between parent and child. */
#include "prog.h"

#define LEN (4UL << 20)

struct shared {
	atomic_long ping, pong;
	char data[];
};

int main(int argc, char **argv)
{
	struct shared *s;
	long n = 0;
	pid_t pid;

	prog_init(argc, argv);
	s = prog_map(LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	prog_fill(s->data, LEN - sizeof(*s), 9);
	pid = prog_fork();
	if (!pid) {
		while (atomic_load(&s->ping) >= 0) {
			atomic_store(&s->pong, atomic_load(&s->ping));
			prog_nap_ms(1);
		}
		CHECK(prog_filled(s->data, LEN - sizeof(*s), 9));
		prog_fill(s->data, LEN - sizeof(*s), 10);
		_exit(0);
	}
	prog_ready();
	while (!prog_done()) {
		atomic_store(&s->ping, ++n);
		while (atomic_load(&s->pong) != n && !prog_has("result"))
			prog_nap_ms(1);
	}
	atomic_store(&s->ping, -1);
	prog_reap(pid);
	CHECK(prog_filled(s->data, LEN - sizeof(*s), 10));
	prog_pass();
}
