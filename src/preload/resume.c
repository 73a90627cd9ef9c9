// SPDX-License-Identifier: Apache-2.0
//
// The last step of a restart: entered by the restorer in each recreated thread, with the memory
// and ids of the job in place, on the thread's own stack below its signal frame.
// Runs in: restored threads, all signals blocked. Ends by returning from the signal frame.
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/x86_64/call.h"
#include "arch/x86_64/frame.h"
#include "preload/agent.h"
#include "preload/ids.h"

/* By its frame: its id may be another now. */
static struct agent_thread *find(const ucontext_t *uc)
{
	unsigned int i;

	for (i = 0; i < cr_agent.nthreads; i++)
		if (cr_agent.threads[i].uc == uc && !cr_agent.threads[i].gone)
			return &cr_agent.threads[i];
	return NULL;
}

/* libc's popen hands our environment on as it is: let it name the new shepherd. Same length. */
static void renew_environment(void)
{
	static const char key[] = CR_ENV_SOCKET "=";
	size_t n = sizeof(key) - 1;
	char **e;

	for (e = environ; e && *e; e++)
		if (!strncmp(*e, key, n) && strlen(*e + n) == strlen(cr_agent.config.socket))
			memcpy(*e + n, cr_agent.config.socket, strlen(cr_agent.config.socket));
}

/*
 * Job control had stopped this process. Only it can stop itself with the right signal; nothing of
 * the application's own has run by then, and the other threads still wait for this one.
 */
static void stop_again(int sig, int tid)
{
	struct {
		uint64_t handler, flags, restorer, mask;
	} dfl = { 0 }, old;
	uint64_t set = 1ull << (sig - 1);

	if (sig != SIGSTOP) {
		cr_sys4(SYS_rt_sigaction, sig, &dfl, &old, 8);
		cr_sys4(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
	}
	cr_sys3(SYS_tgkill, cr_agent.pid, tid, sig);
	if (sig != SIGSTOP) {
		cr_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
		cr_sys4(SYS_rt_sigaction, sig, &old, NULL, 8);
	}
}

/* A thread that waits for a child does so by an id that the child had. */
static void mend_call(ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs, *id = NULL;
	int now;

	if (cr_frame_before_call(uc, SYS_wait4))
		id = &g[REG_RDI];
	else if (cr_frame_before_call(uc, SYS_waitid) &&
		 (g[REG_RDI] == P_PID || g[REG_RDI] == P_PGID))
		id = &g[REG_RSI];
	if (!id || (int)*id == -1 || !(int)*id)
		return;
	now = cr_id_now(&agent_ids, (int)*id < 0 ? -(int)*id : (int)*id);
	if (now)
		*id = (int)*id < 0 ? -now : now;
}

static void resume(ucontext_t *uc, unsigned long restorer, unsigned long len, unsigned int others,
		   bool main) __attribute__((used, noreturn));

static void resume(ucontext_t *uc, unsigned long restorer, unsigned long len, unsigned int others,
		   bool main)
{
	struct agent_thread *t = uc ? find(uc) : NULL;
	int tid = cr_sys0(SYS_gettid);
	unsigned int left;

	if (main) {
		agent_ids_take((void *)(restorer + CR_PAGE));
		memcpy(cr_agent.exe, (void *)(restorer + len - CR_PATH_MAX), CR_PATH_MAX);
		cr_agent.pid = cr_sys0(SYS_getpid);
		agent_catch_handlers();
		atomic_store(&cr_agent.inside, 0);
		cr_agent.proc = 0;
		atomic_store(&cr_agent.state, AGENT_IDLE);
		renew_environment();
		while ((left = atomic_load(&cr_agent.left)) < others)
			agent_futex_wait(&cr_agent.left, left, 0);
		cr_sys2(SYS_munmap, restorer, len);
		if (cr_agent.config.stop)
			stop_again(cr_agent.config.stop, tid);
		atomic_store(&cr_agent.resumed, 1);
		agent_futex_wake(&cr_agent.resumed);
	} else {
		atomic_fetch_add(&cr_agent.left, 1);
		agent_futex_wake(&cr_agent.left);
		while (!atomic_load(&cr_agent.resumed))
			agent_futex_wait(&cr_agent.resumed, 0, 0);
	}
	agent_put_back_pending(tid);
	/* A main thread that had ended ends again; the others go on. */
	while (!uc)
		cr_sys1(SYS_exit, 0);
	if (agent_ids_on && t) {
		mend_call(uc);
		agent_mend_locks(uc, t->robust);
	}
	if (t)
		agent_settle(t);
	agent_install_filters();
	cr_sigreturn(uc);
}

/* rdi uc, rsi and rdx the restorer's place, ecx others, r8 main; on the restorer's stack. */
void __attribute__((naked, used)) cr_agent_resume(void)
{
	__asm__("test %rdi, %rdi\n\t"
		"jnz 1f\n\t"
		"lea cr_agent_dead_stack(%rip), %rsp\n\t"
		"add $4096, %rsp\n\t"
		"jmp 2f\n"
		"1:\n\t"
		"lea -1024(%rdi), %rsp\n\t"
		"and $-64, %rsp\n"
		"2:\n\t"
		"call resume\n\t"
		"hlt");
}

char cr_agent_dead_stack[4096] __attribute__((aligned(64), used, visibility("hidden")));
