// SPDX-License-Identifier: Apache-2.0
//
// What is read from /proc about this very process, compared with what it did itself.
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "unit.h"

static struct cr_maps maps;

static const struct cr_map *find(const void *at)
{
	size_t i;

	for (i = 0; i < maps.n; i++)
		if (maps.v[i].start == (uint64_t)at)
			return &maps.v[i];
	ck_abort_msg("no mapping starts at %p", at);
}

/* Three pages with others on both sides that do not merge with them. */
static char *place(int prot, int flags, int fd)
{
	char *at = mmap(NULL, 5 * CR_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	at = mmap(at + CR_PAGE, 3 * CR_PAGE, prot, flags | MAP_FIXED, fd, fd < 0 ? 0 : CR_PAGE);
	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static int make_file(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", unit_dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 4 * CR_PAGE), 0);
	return fd;
}

static void check_file(const struct cr_map *m, int fd, const char *name, bool shared)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", unit_dir, name);
	fstat(fd, &st);
	ck_assert_uint_eq(m->end - m->start, 3 * CR_PAGE);
	ck_assert_uint_eq(m->offset, CR_PAGE);
	ck_assert_uint_eq(m->inode, st.st_ino);
	ck_assert_uint_eq(m->shared, shared);
	ck_assert_str_eq(m->path, path);
}

START_TEST(files)
{
	const int rw = PROT_READ | PROT_WRITE;
	int fd = make_file("a file"), gone = make_file("gone"), odd = make_file("x (deleted)");
	char *shared = place(rw, MAP_SHARED, fd), *private = place(PROT_READ, MAP_PRIVATE, fd);
	char *deleted = place(rw, MAP_SHARED, gone), *named = place(rw, MAP_SHARED, odd);
	char path[128];

	snprintf(path, sizeof(path), "%s/gone", unit_dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(cr_proc_maps(getpid(), _i, &maps), 0);
	ck_assert_uint_eq(!maps.fingerprint, _i);
	check_file(find(shared), fd, "a file", true);
	check_file(find(private), fd, "a file", false);
	check_file(find(deleted), gone, "gone", true);
	ck_assert(find(deleted)->deleted && !find(shared)->deleted);
	ck_assert_uint_eq(find(shared)->prot, PROT_READ | PROT_WRITE);
	ck_assert_uint_eq(find(private)->prot, PROT_READ);
	/* A file whose own name ends so cannot be told from a deleted one. */
	ck_assert_uint_eq(find(named)->shared, true);
	cr_maps_free(&maps);
	ck_assert_ptr_null(maps.v);
	close(fd);
	close(gone);
	close(odd);
}
END_TEST

START_TEST(flags)
{
	const int anon = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;
	char *plain = place(rw, anon, -1);
	char *reserve = place(rw, anon | MAP_NORESERVE, -1);
	char *down = place(rw, anon | MAP_GROWSDOWN, -1);
	char *advised = place(rw, anon, -1);
	char *wiped = place(rw, anon, -1), *shared = place(rw, MAP_SHARED | MAP_ANONYMOUS, -1);
	char *locked = place(rw, anon, -1);
	/* Not by libc: the sanitizer makes mlock() do nothing. */
	bool lock = !syscall(SYS_mlock, locked, 3 * CR_PAGE);

	ck_assert_int_eq(madvise(advised, 3 * CR_PAGE, MADV_DONTFORK), 0);
	ck_assert_int_eq(madvise(advised, 3 * CR_PAGE, MADV_DONTDUMP), 0);
	ck_assert_int_eq(madvise(advised, 3 * CR_PAGE, MADV_SEQUENTIAL), 0);
	ck_assert_int_eq(madvise(wiped, 3 * CR_PAGE, MADV_WIPEONFORK), 0);
	ck_assert_int_eq(madvise(wiped, 3 * CR_PAGE, MADV_RANDOM), 0);
	ck_assert_int_eq(cr_proc_maps(getpid(), true, &maps), 0);
	ck_assert(find(reserve)->no_reserve && !find(plain)->no_reserve);
	ck_assert(find(down)->grows_down && !find(plain)->grows_down);
	ck_assert(find(shared)->shared && !find(plain)->shared);
	ck_assert(find(advised)->dont_fork && find(advised)->dont_dump);
	ck_assert(find(advised)->sequential && !find(advised)->random);
	ck_assert(find(wiped)->wipe_on_fork && find(wiped)->random && !find(wiped)->dont_fork);
	ck_assert(!find(plain)->dont_fork && !find(plain)->dont_dump && !find(plain)->locked);
	ck_assert(find(plain)->may_write);
	ck_assert(!lock || find(locked)->locked);
	ck_assert_str_eq(find(plain)->path, "");
	cr_maps_free(&maps);
}
END_TEST

START_TEST(fingerprint)
{
	uint64_t first;
	char *at = place(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	ck_assert_int_eq(cr_proc_maps(getpid(), false, &maps), 0);
	first = maps.fingerprint;
	cr_maps_free(&maps);
	ck_assert_int_eq(mprotect(at, CR_PAGE, PROT_NONE), 0);
	ck_assert_int_eq(cr_proc_maps(getpid(), false, &maps), 0);
	ck_assert_uint_ne(maps.fingerprint, first);
	cr_maps_free(&maps);
}
END_TEST

/* In order, none overlapping, and with them this function and this stack. */
START_TEST(whole)
{
	bool code = false, stack = false;
	uint64_t before = 0;
	size_t i;

	ck_assert_int_eq(cr_proc_maps(getpid(), _i, &maps), 0);
	for (i = 0; i < maps.n; i++) {
		const struct cr_map *m = &maps.v[i];

		ck_assert_uint_lt(m->start, m->end);
		ck_assert_uint_le(before, m->start);
		before = m->end;
		code |= (uint64_t)find >= m->start && (uint64_t)find < m->end &&
			m->prot & PROT_EXEC;
		stack |= (uint64_t)&code >= m->start && (uint64_t)&code < m->end &&
			 m->prot & PROT_WRITE;
	}
	ck_assert(code);
	cr_maps_free(&maps);
}
END_TEST

static void *sleeper(void *arg)
{
	char c;

	return (void *)read(*(int *)arg, &c, 1);
}

START_TEST(status_and_stat)
{
	int proc = _i ? open("/proc", O_RDONLY | O_DIRECTORY) : AT_FDCWD, ends[2];
	struct cr_proc_status st;
	struct cr_proc_stat stat;
	cr_pids threads = { 0 };
	pthread_t thread;
	mode_t mask = umask(027);

	prctl(PR_SET_NAME, "a) (b\tc");
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, sleeper, &ends[0]), 0);
	ck_assert_int_eq(cr_proc_status(proc, getpid(), &st), 0);
	ck_assert_int_eq(st.tgid, getpid());
	ck_assert_int_eq(st.ppid, getppid());
	ck_assert_int_eq(st.threads, 2);
	ck_assert_uint_eq(st.umask, 027);
	ck_assert_uint_eq(st.uid, getuid());
	ck_assert_uint_gt(st.rss, 0);
	ck_assert_int_gt(st.ns_pid, 0);
	ck_assert_mem_eq(st.name, "a) (b", 5);
	ck_assert_int_eq(cr_proc_stat(proc, getpid(), &stat), 0);
	ck_assert_int_eq(stat.ppid, getppid());
	ck_assert_int_eq(stat.pgrp, getpgrp());
	ck_assert_int_eq(stat.session, getsid(0));
	ck_assert_int_eq(stat.threads, 2);
	ck_assert_int_eq(stat.state, 'R');
	ck_assert_uint_gt(stat.start_time, 0);
	ck_assert_uint_lt(stat.start_code, stat.end_code);
	ck_assert_uint_lt(stat.start_stack - (uint64_t)&st, 8ul << 20);
	ck_assert_uint_le(stat.arg_start, stat.arg_end);
	ck_assert_int_eq(cr_proc_threads(proc, getpid(), &threads), 0);
	ck_assert_uint_eq(threads.n, 2);
	free(threads.v);
	ck_assert_int_eq(write(ends[1], "", 1), 1);
	pthread_join(thread, NULL);
	umask(mask);
	if (_i)
		close(proc);
}
END_TEST

START_TEST(children)
{
	struct cr_proc_status st;
	struct cr_proc_stat stat;
	cr_pids list = { 0 };
	pid_t child = fork();
	siginfo_t info;

	if (!child)
		_exit(7);
	ck_assert_int_eq(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(cr_proc_children(AT_FDCWD, getpid(), &list), 0);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_int_eq(list.v[0], child);
	free(list.v);
	ck_assert_int_eq(cr_proc_status(AT_FDCWD, child, &st), 0);
	ck_assert_int_eq(st.state, 'Z');
	ck_assert_int_eq(cr_proc_stat(AT_FDCWD, child, &stat), 0);
	ck_assert_int_eq(stat.state, 'Z');
	ck_assert_int_eq(stat.exit_code, 7 << 8);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(cr_proc_status(AT_FDCWD, child, &st), -ESRCH);
	ck_assert_int_eq(cr_proc_stat(AT_FDCWD, child, &stat), -ESRCH);
	ck_assert_int_eq(cr_proc_maps(child, false, &maps), -ESRCH);
	ck_assert_int_eq(cr_proc_threads(AT_FDCWD, child, &list), -ESRCH);
}
END_TEST

START_TEST(names)
{
	char text[256], link[CR_PATH_MAX], cwd[CR_PATH_MAX];
	pid_t child;

	cr_proc_command(AT_FDCWD, getpid(), text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "unit"));
	ck_assert_int_eq(cr_proc_link(getpid(), "cwd", link), 0);
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	ck_assert_str_eq(link, cwd);
	child = fork();
	if (!child)
		_exit(0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	cr_proc_command(AT_FDCWD, child, text, sizeof(text));
	ck_assert_str_eq(text, "?");
	ck_assert_int_lt(cr_proc_link(child, "cwd", link), 0);
}
END_TEST

TCase *unit_proc(void)
{
	TCase *c = tcase_create("proc");

	tcase_add_checked_fixture(c, unit_setup, unit_teardown);
	tcase_add_loop_test(c, files, 0, 2);
	tcase_add_test(c, flags);
	tcase_add_test(c, fingerprint);
	tcase_add_loop_test(c, whole, 0, 2);
	tcase_add_loop_test(c, status_and_stat, 0, 2);
	tcase_add_test(c, children);
	tcase_add_test(c, names);
	return c;
}
