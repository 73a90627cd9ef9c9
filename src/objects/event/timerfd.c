// SPDX-License-Identifier: Apache-2.0
//
// timerfd: when it expires next, and how many expirations nobody has read. What runs by the wall
// clock (CLOCK_REALTIME, absolute) goes by the wall clock of the restart; all else stands still
// while the job is dead, as its monotonic clocks do.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/ids.h"
#include "objects/core/fdinfo.h"
#include "objects/shape/shape.h"

#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET 2
#endif
#ifndef TFD_IOC_SET_TICKS
#define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
#endif

/* Less than this before its next expiration, a timer may expire while it is being set. */
#define CLOSE_NS 20000000

/* The clock by which a timer really runs. */
static clockid_t timerfd_clock_of(const cairn_Event *e)
{
	bool wall = e->clock == CLOCK_REALTIME || e->clock == CLOCK_REALTIME_ALARM;

	if (wall)
		return e->settime_flags & TFD_TIMER_ABSTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	return e->clock == CLOCK_MONOTONIC ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
}

static bool get_spec(const char *text, const char *key, int64_t *ns)
{
	const char *p = strstr(text, key);
	long long s, n;

	if (!p || sscanf(p + strlen(key), " (%lld, %lld)", &s, &n) != 2)
		return false;
	*ns = s * 1000000000 + n;
	return true;
}

static int timerfd_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
			struct cr_err *err)
{
	cr_auto_free char *text = NULL;
	cairn_Event *e = &d->event;
	struct itimerspec now;
	uint64_t clock, flags;
	int64_t left;

	if (cr_fdinfo(v->fd, &text) || !cr_fdinfo_number(text, "clockid:", 10, &clock) ||
	    !cr_fdinfo_number(text, "ticks:", 10, &e->count) ||
	    !cr_fdinfo_number(text, "settime flags:", 8, &flags) ||
	    !get_spec(text, "it_value:", &left) || !get_spec(text, "it_interval:", &e->interval_ns))
		return cr_fdinfo_fail(v, "timerfd", err);
	/* Expired and waiting to be read, it does not show its rhythm until it is asked for it. */
	if (!left && e->interval_ns && !timerfd_gettime(v->fd, &now)) {
		cr_auto_free char *again = NULL;

		left = now.it_value.tv_sec * 1000000000ll + now.it_value.tv_nsec;
		if (!cr_fdinfo(v->fd, &again))
			cr_fdinfo_number(again, "ticks:", 10, &e->count);
	}
	e->clock = clock;
	e->settime_flags = flags;
	if (left)
		e->expiry_ns = cr_now_ns(timerfd_clock_of(e)) + left;
	d->has_event = true;
	return 0;
}

static struct timespec timespec(int64_t ns)
{
	return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

static int timerfd_set(int fd, const cairn_Event *e, int flags, int64_t value)
{
	struct itimerspec t = { timespec(e->interval_ns), timespec(value > 0 ? value : 1) };

	return timerfd_settime(fd, flags, &t, NULL);
}

/* Without a time namespace of its own the job sees clocks that have moved. */
static int64_t shift(const struct cr_restore *r, clockid_t clock)
{
	const int64_t *by = r->state[cairn_ObjectKind_OBJECT_TIMERFD];

	return !by || clock == CLOCK_REALTIME ? 0 : by[clock == CLOCK_BOOTTIME];
}

static int timerfd_prepare(struct cr_restore *r, struct cr_err *err)
{
	int64_t *by = r->virtual_ids ? calloc(2, sizeof(*by)) : NULL;

	if (by) {
		by[0] = -r->ids->clock[0];
		by[1] = -r->ids->clock[1];
	}
	r->state[cairn_ObjectKind_OBJECT_TIMERFD] = by;
	return 0;
}

static void timerfd_free_restore(struct cr_restore *r)
{
	free(r->state[cairn_ObjectKind_OBJECT_TIMERFD]);
	r->state[cairn_ObjectKind_OBJECT_TIMERFD] = NULL;
}

static int arm(const struct cr_restore *r, int fd, const cairn_Event *e)
{
	clockid_t clock = timerfd_clock_of(e);
	int64_t at = e->expiry_ns + shift(r, clock), left = at - cr_now_ns(clock);
	int flags = e->settime_flags;

	/* Expired once and for all. */
	if (!e->expiry_ns)
		return e->count ? timerfd_set(fd, e, flags, 1) : 0;
	if (!e->count && flags & TFD_TIMER_ABSTIME)
		return timerfd_set(fd, e, flags, at);
	if (!e->count && left > 0)
		return timerfd_set(fd, e, flags, left);
	if (left > CLOSE_NS && !timerfd_set(fd, e, flags, flags & TFD_TIMER_ABSTIME ? at : left) &&
	    !ioctl(fd, TFD_IOC_SET_TICKS, &e->count))
		return 0;
	/* As it would be if it had been set so long ago that it has expired as often. */
	at -= (int64_t)e->count * e->interval_ns;
	if (timerfd_clock_of(e) == CLOCK_MONOTONIC && e->clock != CLOCK_MONOTONIC)
		at += cr_now_ns(CLOCK_REALTIME) - cr_now_ns(CLOCK_MONOTONIC);
	return timerfd_set(fd, e, flags | TFD_TIMER_ABSTIME, at);
}

static int timerfd_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	const cairn_Event *e = &d->event;
	clockid_t clock = e->clock;
	int fd = timerfd_create(clock, TFD_CLOEXEC);

	/* Alarms wake the machine up, which needs a privilege. */
	if (fd < 0 && (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM))
		fd = timerfd_create(clock == CLOCK_REALTIME_ALARM ? CLOCK_REALTIME : CLOCK_BOOTTIME,
				    TFD_CLOEXEC);
	if (fd >= 0 && arm(r, fd, e)) {
		close(fd);
		fd = -1;
	}
	return cr_restored_anon(fd, d, "a timerfd", err);
}

const struct cr_object cr_object_timerfd = {
	.shape = &cr_shape_timerfd,
	.save = timerfd_save,
	.restore = timerfd_restore,
	.prepare = timerfd_prepare,
	.free_restore = timerfd_free_restore,
};
