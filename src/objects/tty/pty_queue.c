// SPDX-License-Identifier: Apache-2.0
//
// What is on its way in a pty. The kernel shows it to nobody who does not take it, so it is taken
// and put back, while every process that could see that stands still; at a restart it is put into
// the new one. Runs in the shepherd. Invariants: nothing blocks; the line discipline changes no
// byte on the way out or in, echoes nothing and sends no signal; lines, their ends and one that is
// unfinished are as they were. On failure -errno, and what could be put back has been.
//
// Input passes two queues: 4095 bytes that the line discipline has worked on, and behind them what
// it has not seen. The first are put back past it (quoted where they would mean something), the
// others in front of it.
#include "objects/tty/pty_queue.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WORKED_ON 4095 /* N_TTY_BUF_SIZE - 1 */
#define PIECE 256 /* MIN_TTYB_SIZE */

enum flow { FLOW_GOES, FLOW_STOP_CHARACTER, FLOW_STOPPED };

static int ready(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	return poll(&p, 1, 0) < 0 ? 0 : p.revents & events;
}

/* Something that the kernel does in a thread of its own is about to be done. */
static bool soon(bool (*done)(int fd, size_t n), int fd, size_t n)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + 2000000000;
	int spins;

	for (spins = 0; !done(fd, n); spins++) {
		if (cr_now_ns(CLOCK_MONOTONIC) > end)
			return false;
		if (spins > 50)
			usleep(100);
		else
			sched_yield();
	}
	return true;
}

static bool pty_queue_has(int fd, size_t n)
{
	int queued = 0;

	return !ioctl(fd, FIONREAD, &queued) && (size_t)queued >= n;
}

static bool is_stopped(int fd, size_t n)
{
	return !ready(fd, POLLOUT);
}

static bool is_canonical(const struct termios2 *t)
{
	return t->c_lflag & ICANON && !(t->c_lflag & EXTPROC);
}

/* The two characters that quote, and end a line without an end; of no other meaning. */
static void pick(const struct termios2 *t, cc_t *eof, cc_t *next)
{
	cc_t c = 4, *to[] = { eof, next };
	int i;

	for (i = 0; i < 2; i++, c++) {
		while (c == t->c_cc[VEOL] || c == t->c_cc[VEOL2] || c == t->c_cc[VSTART] ||
		       c == t->c_cc[VSTOP] || c == '\n' || c == '\r')
			c++;
		*to[i] = c;
	}
}

/*
 * Modes in which bytes pass as they are. Canonical mode and flow control stay, as changing them
 * would be seen; so that lines may end with what they do, those characters stay too.
 */
static struct termios2 neutral(const struct termios2 *t)
{
	struct termios2 n = *t;

	n.c_iflag &= IXON | IUTF8;
	n.c_oflag &= ~OPOST;
	n.c_lflag = (t->c_lflag & (ICANON | EXTPROC)) | IEXTEN;
	memset(n.c_cc, 0, sizeof(n.c_cc));
	n.c_cc[VMIN] = 1;
	n.c_cc[VSTART] = t->c_cc[VSTART];
	n.c_cc[VSTOP] = t->c_cc[VSTOP];
	if (is_canonical(t)) {
		n.c_cc[VEOL] = t->c_cc[VEOL];
		n.c_cc[VEOL2] = t->c_cc[VEOL2];
		pick(t, &n.c_cc[VEOF], &n.c_cc[VLNEXT]);
	}
	return n;
}

static bool means_something(const struct termios2 *n, cc_t c)
{
	return c == '\n' || c == n->c_cc[VEOF] || c == n->c_cc[VLNEXT] ||
	       (c && (c == n->c_cc[VEOL] || c == n->c_cc[VEOL2])) ||
	       (n->c_iflag & IXON && (c == n->c_cc[VSTART] || c == n->c_cc[VSTOP]));
}

/* ---- out ---- */

static size_t quote(const struct termios2 *n, const char *from, size_t len, char *to)
{
	size_t i, at = 0;

	for (i = 0; i < len; i++) {
		if (means_something(n, from[i]))
			to[at++] = n->c_cc[VLNEXT];
		to[at++] = from[i];
	}
	return at;
}

/* One line that a read has brought: its own end, or one that shows in no byte. */
static void add_line(struct cr_pty_queue *q, const struct termios2 *n, const char *line, size_t len)
{
	cc_t last = len ? line[len - 1] : 0;
	bool ended = len &&
		     (last == '\n' || (last && (last == n->c_cc[VEOL] || last == n->c_cc[VEOL2])));

	if (q->nlines + 2 * len + 2 > CR_PTY_QUEUE)
		return;
	q->nlines += quote(n, line, ended ? len - 1 : len, q->lines + q->nlines);
	q->lines[q->nlines++] = ended ? last : n->c_cc[VEOF];
	q->available += len;
}

static size_t pty_queue_take_all(int fd, char *to, size_t room, size_t have)
{
	ssize_t n;

	while (have < room && ready(fd, POLLIN) && (n = read(fd, to + have, room - have)) > 0)
		have += n;
	return have;
}

/* part: nothing but an unfinished line is there, and canonical mode is off already. */
static void take_input(int slave, const struct termios2 *t, bool part, struct cr_pty_queue *q)
{
	struct termios2 n = neutral(t);
	size_t worked_on = 0;
	char line[8192];
	ssize_t len;

	if (part)
		n.c_lflag &= ~ICANON;
	ioctl(slave, TCSETS2, &n);
	if (is_canonical(t) && !part) {
		/* What flows in behind them is plain bytes now; the first of those end here too. */
		while (worked_on < WORKED_ON && ready(slave, POLLIN) &&
		       (len = read(slave, line, sizeof(line))) >= 0) {
			add_line(q, &n, line, len);
			worked_on += len ? len : 1;
		}
		n.c_lflag &= ~ICANON;
		ioctl(slave, TCSETS2, &n);
	}
	q->ntail = pty_queue_take_all(slave, q->tail, sizeof(q->tail), 0);
	if (worked_on + q->ntail <= WORKED_ON)
		return;
	len = worked_on < WORKED_ON ? WORKED_ON - worked_on : 0;
	q->nraw = q->ntail - len;
	memcpy(q->raw, q->tail + len, q->nraw);
	q->ntail = len;
}

/* Whether an unfinished line waits: without canonical mode it can be counted. */
static bool has_part(int slave, const struct termios2 *t)
{
	struct termios2 n = *t;
	int queued = 0;

	if (!is_canonical(t))
		return false;
	n.c_lflag &= ~ICANON;
	n.c_cc[VMIN] = 1;
	n.c_cc[VTIME] = 0;
	ioctl(slave, TCSETS2, &n);
	ioctl(slave, FIONREAD, &queued);
	if (!queued)
		ioctl(slave, TCSETS2, t);
	return queued;
}

int cr_pty_take(int master, int slave, cairn_Pty *m, struct cr_pty_queue *q)
{
	struct termios2 t;
	int off = 0, on = 1;
	bool lines, part;

	memcpy(&t, m->termios.bytes, sizeof(t));
	q->nlines = q->ntail = q->nraw = q->noutput = q->available = 0;
	q->touched = false;
	if (m->packet && ready(master, POLLPRI)) {
		char status = 0;

		if (read(master, &status, 1) == 1)
			m->packet_status = (unsigned char)status;
		q->touched = true;
	}
	if (slave < 0)
		return ready(master, POLLIN) ? -EBUSY : 0;
	lines = ready(slave, POLLIN);
	part = !lines && has_part(slave, &t);
	if (lines || part) {
		take_input(slave, &t, part, q);
		q->touched = true;
	}
	if (ready(master, POLLIN)) {
		if (m->packet)
			ioctl(master, TIOCPKT, &off);
		q->noutput = pty_queue_take_all(master, q->output, sizeof(q->output), 0);
		if (m->packet)
			ioctl(master, TIOCPKT, &on);
		q->touched = true;
	}
	if (is_stopped(slave, 0)) {
		ioctl(slave, TCXONC, TCOON);
		m->flow = is_stopped(slave, 0) ? FLOW_STOP_CHARACTER : FLOW_STOPPED;
		q->touched = true;
	}
	return 0;
}

/* ---- in ---- */

/*
 * All of it was there before, so it fits, if the kernel's buffers are filled as well as they can
 * be: in its smallest pieces up to the limit, at which it still takes one that is large. The first
 * of it has to move on to the line discipline meanwhile. Once there are spare small buffers, which
 * are under no limit, they are for what the limit has left over.
 */
static bool pty_queue_put_all(int fd, const char *data, size_t len, bool spare)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + 2000000000;
	size_t piece;
	ssize_t n;

	for (; len && cr_now_ns(CLOCK_MONOTONIC) < end; data += n, len -= n) {
		piece = len > PIECE ? PIECE : len;
		n = write(fd, data, !spare && ready(fd, POLLOUT) ? piece : len);
		if (n < 0 && errno == EAGAIN && spare)
			n = write(fd, data, piece);
		if (n < 0 && errno == EAGAIN) {
			n = 0;
			poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, 1);
		}
		if (n < 0)
			return false;
	}
	return !len;
}

/*
 * Fills an empty queue with nothing, in small pieces, and empties it again: their buffers stay.
 * Without that less may fit than what was there, which had grown in other pieces and other order.
 */
static void make_spare(int master, int slave)
{
	static const char nothing[PIECE];
	char sink[PIECE * 16];
	int off = 0, full = 0;

	ioctl(master, TIOCPKT, &off);
	while (full < 4) {
		if (write(slave, nothing, sizeof(nothing)) > 0)
			full = 0;
		else if (++full < 4)
			usleep(100);
	}
	while (pty_queue_take_all(master, sink, sizeof(sink), 0))
		continue;
}

/* What the master is to be told next, when nothing is queued yet that it would take away. */
static void put_status(int master, int slave, const cairn_Pty *m, const struct termios2 *now)
{
	struct termios2 t = *now;
	int on = 1, off = 0;

	ioctl(master, TIOCPKT, &off);
	ioctl(master, TIOCPKT, &on);
	if (m->packet_status & TIOCPKT_FLUSHREAD)
		ioctl(slave, TCFLSH, TCIFLUSH);
	if (m->packet_status & TIOCPKT_FLUSHWRITE)
		ioctl(slave, TCFLSH, TCOFLUSH);
	if (m->packet_status & TIOCPKT_START) {
		ioctl(slave, TCXONC, TCOOFF);
		ioctl(slave, TCXONC, TCOON);
	}
	if (m->packet_status & (TIOCPKT_DOSTOP | TIOCPKT_NOSTOP)) {
		/* There and back; what it is now is what it is told. */
		if (t.c_iflag & IXON && t.c_cc[VSTART] == 021 && t.c_cc[VSTOP] == 023) {
			t.c_iflag &= ~IXON;
		} else {
			t.c_iflag |= IXON;
			t.c_cc[VSTART] = 021;
			t.c_cc[VSTOP] = 023;
		}
		ioctl(slave, TCSETS2, &t);
		ioctl(slave, TCSETS2, now);
	}
	if (m->packet_status & TIOCPKT_IOCTL) {
		t = *now;
		t.c_lflag ^= EXTPROC;
		ioctl(slave, TCSETS2, &t);
		ioctl(slave, TCSETS2, now);
	}
}

static bool put_canonical(int master, int slave, const struct termios2 *n,
			  const struct cr_pty_queue *q)
{
	static char quoted[2 * CR_PTY_QUEUE];
	char echo[2 * CR_PTY_QUEUE];
	struct termios2 t = *n;
	size_t len;

	if (!pty_queue_put_all(master, q->lines, q->nlines, false) ||
	    !soon(pty_queue_has, slave, q->available))
		return false;
	if (!q->ntail)
		return true;
	/* Nothing tells that an unfinished line has arrived but its echo. */
	t.c_lflag |= ECHO;
	ioctl(slave, TCSETS2, &t);
	len = quote(&t, q->tail, q->ntail, quoted);
	if (!pty_queue_put_all(master, quoted, len, false) ||
	    !soon(pty_queue_has, master, q->ntail))
		return false;
	pty_queue_take_all(master, echo, sizeof(echo), 0);
	return true;
}

static bool put_plain(int master, int slave, const struct termios2 *n, const struct cr_pty_queue *q)
{
	struct termios2 t = *n;
	size_t i;

	for (i = 0; i < q->ntail && t.c_iflag & IXON; i++)
		if (means_something(n, q->tail[i]))
			t.c_iflag &= ~IXON;
	ioctl(slave, TCSETS2, &t);
	return pty_queue_put_all(master, q->tail, q->ntail, false) &&
	       soon(pty_queue_has, slave, q->ntail);
}

/* Output stands still after the character that stops it, or after tcflow(). */
static bool put_flow(int master, int slave, const cairn_Pty *m, const struct termios2 *t)
{
	if (m->flow == FLOW_STOPPED)
		return !ioctl(slave, TCXONC, TCOOFF);
	if (m->flow == FLOW_STOP_CHARACTER)
		return pty_queue_put_all(master, (const char *)&t->c_cc[VSTOP], 1, false) &&
		       soon(is_stopped, slave, 0);
	return true;
}

int cr_pty_put(int master, int slave, const cairn_Pty *m, const struct cr_pty_queue *q)
{
	struct termios2 t, n;
	bool ok = true, spare = q->noutput > WORKED_ON;
	int packet = m->packet;

	memcpy(&t, m->termios.bytes, sizeof(t));
	n = neutral(&t);
	if (slave < 0) {
		ioctl(master, TCSETS2, &t);
		return ioctl(master, TIOCPKT, &packet) ? -errno : 0;
	}
	/* Whatever holds output up lets go of it when flow control ends. */
	if (m->flow) {
		n.c_iflag &= ~IXON;
		ioctl(slave, TCXONC, TCOON);
	}
	ioctl(slave, TCSETS2, &n);
	if (spare)
		make_spare(master, slave);
	if (m->packet_status)
		put_status(master, slave, m, &n);
	ok = is_canonical(&t) ? put_canonical(master, slave, &n, q) :
				put_plain(master, slave, &n, q);
	ioctl(slave, TCSETS2, &n);
	ok &= pty_queue_put_all(slave, q->output, q->noutput, spare);
	/* So that nobody is told later of what arrives only now. */
	ok &= soon(pty_queue_has, master, q->noutput < WORKED_ON ? q->noutput : WORKED_ON);
	ioctl(slave, TCSETS2, &t);
	ok &= put_flow(master, slave, m, &t);
	if (!m->packet_status)
		ioctl(master, TIOCPKT, &packet);
	ok &= pty_queue_put_all(master, q->raw, q->nraw, false);
	return ok ? 0 : -EIO;
}
