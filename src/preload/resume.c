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
#include "arch/x86_64/partial.h"
#include "preload/agent_addresses.h"
#include "preload/agent_environment.h"
#include "preload/agent_filters.h"
#include "preload/agent_ids.h"
#include "preload/interrupt.h"
#include "preload/locks.h"
#include "preload/resume.h"
#include "preload/state.h"
#include "preload/agent_stop.h"
#include "preload/agent_text.h"
#include "preload/wrap_clocks.h"
#include "preload/wrap_siginfo.h"

/* By its frame: its id may be another now. */
static struct agent_thread *resume_find(const ucontext_t *uc)
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

/* Arguments of calls that wait which are ids. */
static const struct {
	short nr, argument;
	enum cr_id_kind kind;
} waits[] = {
	{ SYS_wait4, 0, CR_ID_PROCESS }, { SYS_waitid, 1, CR_ID_PROCESS },
	{ SYS_semop, 0, CR_ID_SEM },	 { SYS_semtimedop, 0, CR_ID_SEM },
	{ SYS_msgsnd, 0, CR_ID_MSG },	 { SYS_msgrcv, 0, CR_ID_MSG },
};

static int id_now(const struct cr_ids *now, enum cr_id_kind kind, int id)
{
	if (kind == CR_ID_PROCESS && id < -1)
		return -id_now(now, kind, -id);
	return id == -1 ? id : cr_id_real(now, kind, agent_virtual_of(kind, id));
}

/* An absolute time in memory: a copy for the kernel, as the application's own may be used again. */
static void mend_time(const struct cr_ids *now, struct agent_wait *wait, clockid_t clock,
		      greg_t *address)
{
	int64_t by = agent_clock_offset(&agent_ids, clock) - agent_clock_offset(now, clock);

	if (!*address || !by)
		return;
	wait->rest = *(const struct timespec *)*address;
	agent_add_ns(&wait->rest, by);
	*address = (greg_t)&wait->rest;
}

static void mend_call(const struct cr_ids *now, const struct cr_addresses *places,
		      struct agent_thread *t)
{
	greg_t *g = t->uc->uc_mcontext.gregs;
	struct cr_partial_note *note;
	size_t i;

	for (i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		greg_t *id = &g[cr_frame_arg[waits[i].argument]];

		if (cr_frame_before_call(t->uc, waits[i].nr) &&
		    (waits[i].nr != SYS_waitid || g[REG_RDI] == P_PID || g[REG_RDI] == P_PGID))
			*id = id_now(now, waits[i].kind, *id);
	}
	if (cr_frame_before_call(t->uc, SYS_futex) && agent_futex_is_absolute(g[REG_RSI]))
		mend_time(now, t->wait, CLOCK_MONOTONIC, &g[REG_R10]);
	if (cr_frame_before_call(t->uc, SYS_clock_nanosleep) && g[REG_RSI] & TIMER_ABSTIME)
		mend_time(now, t->wait, g[REG_RDI], &g[REG_RDX]);
	agent_mend_address(places, t->uc, &t->wait->name);
	t->wait->deadline_ns += agent_ids.clock[0] - now->clock[0];
	note = cr_partial_before(t->uc);
	if (note && note->deadline_ns)
		note->deadline_ns += agent_ids.clock[0] - now->clock[0];
}

/* By the table of the life that has ended, and the new one. */
static void mend_calls(const struct cr_ids *now, const struct cr_addresses *places)
{
	unsigned int i;

	for (i = 0; i < cr_agent.nthreads; i++)
		if (!cr_agent.threads[i].gone && cr_agent.threads[i].uc)
			mend_call(now, places, &cr_agent.threads[i]);
}

/* What the others wait for. */
enum { WAIT, GO, MAIN_ENDS, MAIN_LOOKED_FOR };

/* Nobody of this process runs yet, so a descriptor for the moment is in nobody's way. */
static bool main_has_ended(void)
{
	char path[64], text[512];
	const char *p;

	cr_task_path(path, cr_agent.pid, "stat");
	if (cr_read_text(-1, path, text, sizeof(text)) <= 0)
		return true;
	p = strrchr(text, ')');
	return !p || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X';
}

/* A main thread that had ended has done so before the others run: one of them sees to that. */
static void await_main(void)
{
	unsigned int now, ends = MAIN_ENDS;

	while ((now = atomic_load(&cr_agent.resumed)) != GO) {
		if (now != MAIN_ENDS) {
			agent_futex_wait(&cr_agent.resumed, now, 0);
			continue;
		}
		if (!atomic_compare_exchange_strong(&cr_agent.resumed, &ends, MAIN_LOOKED_FOR)) {
			ends = MAIN_ENDS;
			continue;
		}
		while (!main_has_ended())
			cr_sys2(SYS_nanosleep, (&(struct timespec){ 0, 100000 }), NULL);
		atomic_store(&cr_agent.resumed, GO);
		agent_futex_wake(&cr_agent.resumed);
	}
}

static void resume(ucontext_t *uc, unsigned long restorer, unsigned long len, unsigned int others,
		   bool main) __attribute__((used, noreturn));

static void resume(ucontext_t *uc, unsigned long restorer, unsigned long len, unsigned int others,
		   bool main)
{
	struct agent_thread *t = uc ? resume_find(uc) : NULL, own = { .uc = uc };
	int tid = cr_sys0(SYS_gettid);
	unsigned int left;

	if (main) {
		const struct cr_ids *ids = (void *)(restorer + CR_PAGE);
		const struct cr_addresses *places =
			(void *)((char *)ids + CR_PAGE_UP(sizeof(*ids)));

		mend_calls(ids, places);
		agent_ids_take(ids);
		agent_addresses_take(places);
		memcpy(cr_agent.exe, (void *)(restorer + len - CR_PATH_MAX), CR_PATH_MAX);
		/* Of one whose file may not be read the kernel knows another. */
		agent_ids_on |= cr_agent.exe[0];
		cr_agent.pid = cr_sys0(SYS_getpid);
		agent_catch_handlers();
		if (agent_ids_on)
			agent_mend_libraries();
		/* Nobody begins a checkpoint before all have done with what is here. */
		atomic_store(&cr_agent.inside, others + 1);
		cr_agent.proc = 0;
		atomic_store(&cr_agent.state, AGENT_IDLE);
		renew_environment();
		agent_change_environment((void *)((char *)places + CR_PAGE_UP(sizeof(*places))));
		while ((left = atomic_load(&cr_agent.left)) < others)
			agent_futex_wait(&cr_agent.left, left, 0);
		cr_sys2(SYS_munmap, restorer, len);
		if (cr_agent.config.stop)
			stop_again(cr_agent.config.stop, tid);
		atomic_store(&cr_agent.resumed, uc || !others ? GO : MAIN_ENDS);
		agent_futex_wake(&cr_agent.resumed);
	} else {
		atomic_fetch_add(&cr_agent.left, 1);
		agent_futex_wake(&cr_agent.left);
		await_main();
	}
	if (agent_ids_on && t)
		agent_mend_locks(uc, t->robust);
	if (t)
		own = *t;
	agent_leave_table();
	/* A main thread that had ended ends again; the others go on. */
	while (!uc)
		cr_sys1(SYS_exit, 0);
	agent_settle(&own);
	/* After which not every call is possible. */
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
