// SPDX-License-Identifier: Apache-2.0
//
// What include/cairn/cairn.h offers to applications.
// Runs in: the application's threads, in signal handlers too. No allocation, no errno, no libc but
// mem* and str*. On failure: a negative errno value and a text; the application goes on.
//
// Sections (cairn_disable) are a count in each thread, and nothing else: so a fork copies that of
// the thread which forks, an exec and a thread's end are the end of it, and it costs an addition.
// Whoever stops the threads sees it, and gives up; the thread then wakes the agent at the end.
//
// Whoever asks for a checkpoint asks again and again whether it is there. Each time is a connection
// of its own, in a section, so it is in no image; the shepherd answers also while it waits for the
// end of that. What waits in between is an ordinary thread. In a later life a counter has risen.
#define CAIRN_AGENT
#include "cairn/cairn.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "preload/apart.h"
#include "preload/api.h"
#include "preload/agent_ids.h"
#include "preload/line.h"
#include "preload/state.h"
#include "preload/wrappers.h"

#define ASK ".ask"
#define ANSWER_MS 2000 /* within which a shepherd answers that is not stopped */
#define PAUSE_MIN_NS 100000
#define PAUSE_MAX_NS 250000000
#define SLICE_NS 1000000000
#define TRIES 10 /* for something that is answered at once */

/* Of this thread. Small, since it is taken from the thread's stack. */
static __thread unsigned int depth __attribute__((tls_model("initial-exec")));
static __thread char error_text[512] __attribute__((tls_model("initial-exec")));

/* One connection at a time. */
static struct {
	_Atomic int user; /* the process whose thread uses this; another: from before a fork */
	_Atomic int forking; /* the process of which a thread waits for it, to fork */
	int fd; /* one more than it; 0: none */
	bool used; /* since the process began, or a parent of its */
	_Atomic unsigned int numbers;
	cairn_ApiAnswer answer;
	struct cairn_job_info info;
	struct cr_wire wire;
	_Alignas(64) char stack[16 * 1024];
} api;

static int api_fail(int error, const char *text)
{
	size_t n = strnlen(text, sizeof(error_text) - 1);

	memcpy(error_text, text, n);
	error_text[n] = 0;
	return -error;
}

static int succeed(int result)
{
	error_text[0] = 0;
	return result;
}

static int no_cairn(void)
{
	return api_fail(ENOSYS, "not under Cairn: not started by crlaunch");
}

/* ---- sections ---- */

bool agent_in_section(void)
{
	return depth;
}

bool agent_section_over(void)
{
	int over = -cr_sys0(SYS_gettid);

	return atomic_compare_exchange_strong(&cr_agent.section, &over, 0);
}

/* A checkpoint waits for this thread, and it may be made at once. */
static void call_agent(void)
{
	int tid = cr_sys0(SYS_gettid), waiting = tid;

	if (atomic_compare_exchange_strong(&cr_agent.section, &waiting, -tid))
		cr_sys3(SYS_tgkill, cr_sys0(SYS_getpid), tid, cr_agent.config.signal);
}

/* What lies between belongs to the section, also for the handler that looks. */
static inline void api_enter(void)
{
	depth++;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void api_leave(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	depth--;
	atomic_signal_fence(memory_order_seq_cst);
	if (!depth && __builtin_expect(atomic_load(&cr_agent.section), 0))
		call_agent();
}

CR_WRAPPER int cairn_disable(void)
{
	if (!cr_agent.active)
		return no_cairn();
	/* So it is stopped before others. */
	cr_agent_filters.sections = 1;
	api_enter();
	return depth;
}

CR_WRAPPER int cairn_enable(void)
{
	if (!cr_agent.active)
		return no_cairn();
	if (!depth)
		return api_fail(EINVAL, "cairn_enable without cairn_disable in this thread");
	api_leave();
	return depth;
}

/* ---- asking ---- */

/* Whether a descriptor still is what a parent had open to the shepherd. */
static bool api_is_ours(int fd)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);
	size_t n = strnlen(cr_agent.config.socket, CR_SOCKET_NAME_MAX);

	return !cr_sys3(SYS_getpeername, fd, &addr, &len) && addr.sun_family == AF_UNIX &&
	       !memcmp(addr.sun_path + 1, cr_agent.config.socket, n) &&
	       !memcmp(addr.sun_path + 1 + n, ASK, sizeof(ASK) - 1);
}

void agent_api_forget(int pid)
{
	int user = atomic_load(&api.user);

	if (!user || user == pid)
		return;
	if (api.fd && api_is_ours(api.fd - 1))
		cr_sys1(SYS_close, api.fd - 1);
	api.fd = 0;
	atomic_store(&api.user, 0);
}

static bool api_take(int pid)
{
	int nobody = 0;

	agent_api_forget(pid);
	return atomic_compare_exchange_strong(&api.user, &nobody, pid);
}

bool agent_api_hold(uint64_t *mask)
{
	uint64_t others = ~agent_signal_bit();
	int pid;

	if (!__builtin_expect(api.used, 0))
		return false;
	pid = cr_sys0(SYS_getpid);
	cr_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &others, mask, 8);
	/* Before those who ask, who might keep it from us for ever. */
	do
		atomic_store(&api.forking, pid);
	while (!api_take(pid) && !cr_sys0(SYS_sched_yield));
	return true;
}

void agent_api_let_go(const uint64_t *mask)
{
	atomic_store(&api.forking, 0);
	atomic_store(&api.user, 0);
	cr_sys4(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, 8);
}

static bool wait_readable(int fd)
{
	int64_t until = agent_now_ns() + ANSWER_MS * 1000000ll, left = ANSWER_MS * 1000000ll;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec t;
	long ret;

	do {
		t = (struct timespec){ left / 1000000000, left % 1000000000 };
		ret = cr_sys5(SYS_ppoll, &p, 1, &t, NULL, 8);
		left = until - agent_now_ns();
	} while (ret == -EINTR && left > 0);
	return ret == 1;
}

static int exchange_here(const cairn_ApiAsk *ask)
{
	long fd = agent_connect(ASK);
	int ret;

	if (fd < 0)
		return fd == -EINTR ? -EAGAIN : fd;
	api.fd = fd + 1;
	ret = cr_wire_send(fd, &api.wire, cairn_ApiAsk_fields, ask, NULL, 0);
	if (!ret && !wait_readable(fd))
		ret = -EAGAIN;
	if (!ret && cr_wire_recv(fd, &api.wire, cairn_ApiAnswer_fields, &api.answer, NULL, NULL,
				 MSG_DONTWAIT) != 1)
		ret = -EAGAIN;
	cr_sys1(SYS_close, fd);
	api.fd = 0;
	return ret == -EPIPE || ret == -ECONNRESET || ret == -EBADF ? -EAGAIN : ret;
}

struct question {
	const cairn_ApiAsk *ask;
	int ret;
};

static void exchange_apart(void *question)
{
	struct question *q = question;

	q->ret = exchange_here(q->ask);
}

/*
 * One question and its answer in api.answer; 0, or -errno: -EAGAIN if it is to be asked again.
 * Others that have the same table shall not miss the number of the connection.
 */
static int exchange(const cairn_ApiAsk *ask)
{
	struct question q = { ask, -EAGAIN };

	if (!agent_apart(exchange_apart, &q, api.stack + sizeof(api.stack)))
		return exchange_here(ask);
	return q.ret;
}

/*
 * As exchange(), or -EBUSY if another thread is at it. use() takes what it needs of the answer
 * before the next one asks.
 */
static int api_ask_once(const cairn_ApiAsk *ask, void (*use)(const cairn_ApiAnswer *a, void *to),
			void *to)
{
	int pid = cr_sys0(SYS_getpid), ret = -EBUSY;
	uint64_t others = ~agent_signal_bit(), old;

	/* A handler of the application's may ask as well. */
	cr_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &others, &old, 8);
	api_enter();
	api.used = true;
	if (atomic_load(&api.forking) != pid && api_take(pid)) {
		ret = exchange(ask);
		if (!ret && !api.answer.done)
			ret = -EAGAIN;
		if (!ret)
			use(&api.answer, to);
		atomic_store(&api.user, 0);
	}
	api_leave();
	cr_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8);
	return ret;
}

/* Until the time is over, a signal has come, or this is another life. */
static long pause_in(unsigned int life, int64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	return cr_sys4(SYS_futex, &agent_life, FUTEX_WAIT, life, &t);
}

static unsigned int life_now(void)
{
	return __atomic_load_n(&agent_life, __ATOMIC_SEQ_CST);
}

static int api_gone(int ret)
{
	if (ret == -ECONNREFUSED)
		return api_fail(ECONNREFUSED,
				"the job's shepherd (crlaunch or crrestart) has gone");
	return api_fail(-ret, "the job's shepherd (crlaunch or crrestart) cannot be asked");
}

static void take_result(const cairn_ApiAnswer *a, void *result)
{
	*(int *)result = a->error ? api_fail(a->error, a->text) : succeed(CAIRN_SAVED);
}

CR_WRAPPER int cairn_checkpoint(void)
{
	unsigned int life = life_now();
	cairn_ApiAsk ask = { .kind = cairn_ApiKind_API_CHECKPOINT };
	int64_t began = agent_now_ns(), pause;
	int ret, result;

	if (!cr_agent.active)
		return no_cairn();
	if (depth)
		return api_fail(EDEADLK, "cairn_checkpoint between cairn_disable and cairn_enable");
	ask.tid = cr_sys0(SYS_gettid);
	ask.number = atomic_fetch_add(&api.numbers, 1) + 1;
	for (;;) {
		ret = api_ask_once(&ask, take_result, &result);
		if (life_now() != life)
			return succeed(CAIRN_RESTARTED);
		if (!ret)
			return result;
		if (ret != -EAGAIN && ret != -EBUSY)
			return api_gone(ret);
		/* Many may ask, and some checkpoints take long. */
		pause = ret == -EBUSY ? 0 : (agent_now_ns() - began) / 8;
		pause_in(life, pause < PAUSE_MIN_NS ? PAUSE_MIN_NS :
			       pause > PAUSE_MAX_NS ? PAUSE_MAX_NS :
						      pause);
	}
}

CR_WRAPPER int cairn_restarts(void)
{
	return cr_agent.active ? (int)life_now() : no_cairn();
}

CR_WRAPPER int cairn_await_restart(int seen, int timeout_ms)
{
	int64_t until = agent_now_ns() + timeout_ms * 1000000ll, left;
	unsigned int life;

	if (!cr_agent.active)
		return no_cairn();
	while ((int)(life = life_now()) <= seen) {
		left = timeout_ms < 0 ? SLICE_NS : until - agent_now_ns();
		if (left <= 0)
			return api_fail(ETIMEDOUT, "no restart within that time");
		/* A checkpoint makes a wait begin anew: so short ones. */
		if (pause_in(life, left < SLICE_NS ? left : SLICE_NS) == -EINTR &&
		    life == life_now())
			return api_fail(EINTR, "interrupted by a signal");
	}
	return succeed(life);
}

struct job_wanted {
	struct cairn_job_info *out;
	uint32_t size;
};

static void api_take_job(const cairn_ApiAnswer *a, void *wanted)
{
	const struct job_wanted *w = wanted;
	struct cairn_job_info *info = &api.info;

	info->size = w->size < sizeof(*info) ? w->size : sizeof(*info);
	info->restarts = a->restarts;
	info->checkpoint = a->checkpoint;
	info->member = a->member;
	info->members = a->members;
	info->failed = a->text[0] != 0;
	info->began = a->began;
	info->interval = a->interval;
	memcpy(info->name, a->name, sizeof(info->name));
	memcpy(info->directory, a->directory, sizeof(info->directory));
	memcpy(info->error, a->text, sizeof(info->error));
	memcpy(w->out, info, info->size);
}

CR_WRAPPER int cairn_job(struct cairn_job_info *out)
{
	cairn_ApiAsk ask = { .kind = cairn_ApiKind_API_JOB };
	struct job_wanted wanted = { out, out->size };
	int tries, ret = -EAGAIN;

	if (!cr_agent.active)
		return no_cairn();
	if (out->size < offsetof(struct cairn_job_info, restarts) + sizeof(out->restarts))
		return api_fail(EINVAL, "cairn_job: the size of the struct is not set");
	for (tries = 0; ret == -EAGAIN && tries < TRIES; tries++) {
		if (tries)
			pause_in(life_now(), tries * 10000000);
		while ((ret = api_ask_once(&ask, api_take_job, &wanted)) == -EBUSY)
			pause_in(life_now(), PAUSE_MIN_NS);
	}
	return ret ? api_gone(ret) : succeed(0);
}

CR_WRAPPER const char *cairn_error(void)
{
	return error_text;
}

CR_WRAPPER const struct cairn_calls cairn_calls = {
	.size = sizeof(struct cairn_calls),
	.version = CAIRN_VERSION,
	.checkpoint = cairn_checkpoint,
	.disable = cairn_disable,
	.enable = cairn_enable,
	.restarts = cairn_restarts,
	.await_restart = cairn_await_restart,
	.job = cairn_job,
	.error = cairn_error,
};
