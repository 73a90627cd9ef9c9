// SPDX-License-Identifier: Apache-2.0
//
// Reads CRIU's logs. Runs in crlaunch and crrestart after CRIU has failed, and in crnode. A log has
// hundreds of lines, of which some errors are of no importance and most others follow from the
// first. A text that is no log has no cause; nothing here fails.
#include "criu/log.h"

#include <fcntl.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/defs.h"
#include "common/io.h"

/* As much as is read of a log; the end of a longer one. */
#define LOG_BYTES (8l << 20)

/* Regular expression of a message; in the text $1 to $3 are what its groups matched. */
struct cause {
	const char *message;
	enum cairn_exit status;
	const char *text;
};

static const struct cause causes[] = {
	/* ---- who is saved */
	{ "^Unable to interrupt task: ([0-9]+) \\(Operation not permitted\\)", CR_EXIT_UNSUPPORTED,
	  "process $1 cannot be traced: a debugger or strace is at it, or it is another user's" },
	{ "^Can't get rlimit .*Operation not permitted", CR_EXIT_PERMISSION,
	  "a process runs as another user (as a setuid program does), and CRIU has no "
	  "CAP_SYS_RESOURCE to read its limits" },
	{ "^Unable to interrupt task: ([0-9]+) \\(No such process\\)", CR_EXIT_NOT_FOUND,
	  "there is no process $1 any more" },
	{ "root process ([0-9]+) is not a session leader", CR_EXIT_UNSUPPORTED,
	  "process $1 belongs to the session of a shell that is not of the job; CRIU needs "
	  "--shell-job" },
	{ "session leader of (zombie process )?([0-9]+).* is outside of its pid namespace",
	  CR_EXIT_UNSUPPORTED, "process $2 belongs to a session whose leader is not of the job" },
	{ "Found dangling tty with sid ([0-9]+) pgid ([0-9]+) \\(([^)]*)\\)", CR_EXIT_UNSUPPORTED,
	  "the terminal $3 is not the job's own, but of session $1; redirect input and output, "
	  "or let CRIU have --shell-job" },
	{ "Found slave peer index ([0-9]+) without", CR_EXIT_UNSUPPORTED,
	  "the other side of the terminal /dev/pts/$1 is outside the job; redirect input and "
	  "output" },
	{ "ctty inheritance detected", CR_EXIT_UNSUPPORTED,
	  "the job had a terminal of its caller's, and there is none to take its place: CRIU "
	  "needs --shell-job" },
	{ "Unable to freeze cgroup ([^ ]+)", CR_EXIT_TIMEOUT,
	  "the processes could not be frozen (cgroup $1)" },
	{ "^Timeout reached", CR_EXIT_TIMEOUT, "CRIU was not ready in time" },
	{ "Zombies with threads|Zombie thread not supported|Zombie with children",
	  CR_EXIT_UNSUPPORTED,
	  "a process whose main thread has ended while others run cannot be saved" },
	{ "Individually stopped threads", CR_EXIT_UNSUPPORTED,
	  "single threads of a process are stopped" },
	/* ---- what they have */
	{ "Connected TCP socket in image", CR_EXIT_UNSUPPORTED,
	  "the image has a TCP connection to the outside; restart with --tcp=repair" },
	{ "Connected TCP socket", CR_EXIT_UNSUPPORTED,
	  "it has a TCP connection to the outside; --tcp=repair saves such" },
	{ "In-flight connection \\(l\\)", CR_EXIT_UNSUPPORTED,
	  "a connection waits in the queue of a listening TCP socket to be accepted; try again "
	  "later" },
	{ "In-flight connection on", CR_EXIT_UNSUPPORTED,
	  "a connection waits in the queue of a listening unix socket to be accepted; try again "
	  "later" },
	{ "half of stream unix connection\\. name: ([^;]*); peer name: (.*)", CR_EXIT_UNSUPPORTED,
	  "a unix socket is connected to a process that is not of the job (its name: $1, the "
	  "other's: $2)" },
	{ "External socket is used|name-less external socket|Unix socket [0-9]+ with unreachable",
	  CR_EXIT_UNSUPPORTED, "a unix socket is connected to a process that is not of the job" },
	{ "External socket found in image", CR_EXIT_UNSUPPORTED,
	  "the image has a unix socket whose other side was outside the job" },
	{ "Task ([0-9]+) with SysVIPC shmem map", CR_EXIT_UNSUPPORTED,
	  "process $1 has SysV shared memory, which CRIU saves only in an ipc namespace of its "
	  "own: start the job by `unshare --ipc`" },
	{ "Can't dump ghost file (.*) of ([0-9]+) size", CR_EXIT_UNSUPPORTED,
	  "the file $1, deleted while in use, has $2 bytes, more than CRIU's limit for such" },
	{ "file locks are hold", CR_EXIT_UNSUPPORTED,
	  "it holds a lock on a file; CRIU needs --file-locks" },
	{ "Unknown socket collected \\(family ([0-9]+)\\)", CR_EXIT_UNSUPPORTED,
	  "it has a socket of a kind that CRIU does not know (address family $1)" },
	{ "Can't dump file ([0-9]+) of that type \\[([^]]*)\\] \\((.*)\\)", CR_EXIT_UNSUPPORTED,
	  "descriptor $1 is of a kind that CRIU cannot save: $3" },
	{ "Unsupported (mapping|file type).*", CR_EXIT_UNSUPPORTED, NULL },
	{ "Can't lookup mount=[0-9]+ for fd=([-0-9]+) path=(.*)", CR_EXIT_UNSUPPORTED,
	  "$2 (descriptor $1) lies in a file system that CRIU does not see" },
	{ "send_fds failed \\(-22\\)", CR_EXIT_UNSUPPORTED,
	  "a process has a descriptor that cannot be passed on, as of io_uring" },
	{ "Collect MADV_GUARD_INSTALL", CR_EXIT_UNSUPPORTED,
	  "the kernel does not tell of guard pages (MADV_GUARD_INSTALL)" },
	{ "aio rings", CR_EXIT_UNSUPPORTED, "asynchronous input and output (io_setup) goes on" },
	/* ---- what a restart needs */
	{ "Can't fork for ([0-9]+): File exists", CR_EXIT_EXISTS,
	  "the process id $1, which the job had, is taken by another process or thread" },
	{ "Pid ([0-9]+) do not match expected", CR_EXIT_EXISTS,
	  "the process id $1, which the job had, could not be had again" },
	{ "Current (sid|gid) ([0-9]+) intersects with", CR_EXIT_EXISTS,
	  "the process id $2, which the job had, is that of a session or group here" },
	{ "File (.*) has bad size ([0-9]+) \\(expect ([0-9]+)\\)", CR_EXIT_CHANGED,
	  "the file /$1 has $2 bytes; at the checkpoint it had $3" },
	{ "File (.*) has bad (mode|build-?[iI][dD]|content|checksum)", CR_EXIT_CHANGED,
	  "the file /$1 is not the same as at the checkpoint ($2)" },
	{ "Can't open file (.*) on restore: (.*)", CR_EXIT_CHANGED, "the file /$1: $2" },
	{ "Can't bind (to )?inet socket.*: Address already in use|Can't bind inet socket",
	  CR_EXIT_EXISTS, "the address that a socket of the job was bound to is in use" },
	{ "Can't bind id .* addr (.*): Address already in use", CR_EXIT_EXISTS,
	  "the unix socket $1 is in use" },
	{ "Unexpected rt vDSO area bounds|Can't find rt vDSO", CR_EXIT_BACKEND,
	  "this CRIU is too old for this kernel (its vDSO is not where it expects it); "
	  "contrib/get-criu gets a newer one" },
	{ "Unable to drop capability", CR_EXIT_PERMISSION,
	  "the bounding set of the job's capabilities can only be restored with CAP_SETPCAP: as "
	  "root, run `setcap cap_checkpoint_restore,cap_setpcap+ep` on CRIU's file" },
	{ "CAP_SYS_ADMIN or the CAP_CHECKPOINT_RESTORE capability", CR_EXIT_PERMISSION,
	  "CRIU needs CAP_CHECKPOINT_RESTORE: as root, run `setcap cap_checkpoint_restore+ep` on "
	  "its file" },
	{ "Not supported images version|Too new image", CR_EXIT_FORMAT,
	  "the image was made by a newer CRIU than this one" },
	{ "Missing required plugin: (.*)", CR_EXIT_FORMAT,
	  "CRIU's plugin $1, with which the image was made, is missing here" },
	{ "Too old image", CR_EXIT_FORMAT, "the image was made by a CRIU that is too old" },
	{ "^CPU (xfeatures|xsave|capab|instr)|^FPU feature required|^Image carries unknown vendor",
	  CR_EXIT_CPU, "this CPU lacks what that of the checkpoint had" },
	{ "Unexpected EOF|Magic doesn't match|[Cc]orrupted|protobuf: .*unpack|"
	  "image corruption|Img trimmed",
	  CR_EXIT_DAMAGED, "CRIU's part of the image is damaged or incomplete" },
	/* ---- the machine */
	{ "No space left on device|Disk quota exceeded", CR_EXIT_IO, NULL },
	{ "Cannot allocate memory|Out of memory", CR_EXIT_IO, "there is not enough memory" },
	{ "([0-9]+) killed by signal ([0-9]+)", CR_EXIT_BACKEND,
	  "process $1 was killed by signal $2 while it was made again" },
};

/* Errors that mean nothing or only follow from others: never the cause. */
static const char noise[] =
	"RLIMIT_NOFILE|^(Pre-d|D)umping FAILED|^Restoring FAILED|Unable to detach from|"
	"^Can't open core data|^Dump .* failed with|^Dump (fs|files|mappings)|"
	"^Unable to open fd=|exited, status|^Killing processes|^BUG at|"
	"is in unexpected state|^Task stopped with|Can't stop all tasks|Unable to create tun|"
	"^Can't infect|^Can't cure|Unexpected error: -1";

/*
 * The message of a line "(00.1) pie: 12: Error (file.c:1): net: message", or NULL. *kind: 'E', 'W'
 * or 'M', a plain message without place, as CRIU prints before it has a log.
 */
static const char *message_of(const char *line, char *kind)
{
	const char *at, *end;

	at = strstr(line, "Error (");
	*kind = at ? 'E' : 'W';
	if (!at)
		at = strstr(line, "Warn  (");
	if (!at) {
		*kind = 'M';
		return *line && *line != '(' ? line : NULL;
	}
	end = strstr(at, "): ");
	return end ? end + 3 : NULL;
}

static void expand(const char *text, const char *message, const regmatch_t *m, char *out,
		   size_t len)
{
	size_t n = 0;

	for (; *text && n + 1 < len; text++) {
		if (*text == '$' && text[1] >= '1' && text[1] <= '3') {
			const regmatch_t *g = m + (*++text - '0');
			int width = g->rm_so < 0 ? 0 : g->rm_eo - g->rm_so;

			n += snprintf(out + n, len - n, "%.*s", width,
				      message + (g->rm_so < 0 ? 0 : g->rm_so));
			continue;
		}
		out[n++] = *text;
	}
	out[n < len ? n : len - 1] = 0;
}

static const struct cause *log_known(const regex_t *rows, const char *message, char *out,
				     size_t len)
{
	size_t i, word = strspn(message, "abcdefghijklmnopqrstuvwxyz-_");
	const struct cause *c;
	regmatch_t m[4];

	/* Of which part of CRIU it is. */
	if (word && !strncmp(message + word, ": ", 2))
		message += word + 2;
	for (i = 0; i < CR_ARRAY_SIZE(causes); i++) {
		if (regexec(rows + i, message, 4, m, 0))
			continue;
		c = causes + i;
		if (c->text)
			expand(c->text, message, m, out, len);
		else
			snprintf(out, len, "%s", message);
		return c;
	}
	return NULL;
}

/* One line of the text, without what is not printable; returns the next. */
static const char *take_line(const char *text, char *line, size_t len)
{
	size_t n = strcspn(text, "\n"), i;

	for (i = 0; i < n && i + 1 < len; i++)
		line[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
	line[i] = 0;
	return text[n] ? text + n + 1 : NULL;
}

/* The first line of the kind that is known, or, with no rows, that is no noise. */
static const struct cause *log_look(const char *text, char kind, const regex_t *rows,
				    const regex_t *quiet, char *out, size_t len)
{
	const struct cause *c;
	const char *message;
	char line[1024], is;

	for (; text;) {
		text = take_line(text, line, sizeof(line));
		message = message_of(line, &is);
		if (!message || is != kind || !*message)
			continue;
		if (rows) {
			c = log_known(rows, message, out, len);
			if (c)
				return c;
		} else if (regexec(quiet, message, 0, NULL, 0)) {
			snprintf(out, len, "%s", message);
			return NULL;
		}
	}
	return NULL;
}

enum cairn_exit cr_criu_cause(const char *text, char *out, size_t len)
{
	static const char kinds[] = "EMW";
	regex_t rows[CR_ARRAY_SIZE(causes)], quiet;
	const struct cause *found = NULL;
	size_t i;

	*out = 0;
	for (i = 0; i < CR_ARRAY_SIZE(causes); i++)
		if (regcomp(rows + i, causes[i].message, REG_EXTENDED))
			break;
	if (i == CR_ARRAY_SIZE(causes) && !regcomp(&quiet, noise, REG_EXTENDED | REG_NOSUB)) {
		const char *k;

		for (k = kinds; *k && !found; k++)
			found = log_look(text, *k, rows, &quiet, out, len);
		/* Unknown to us: in CRIU's words. */
		if (!found)
			log_look(text, 'E', NULL, &quiet, out, len);
		if (!found && !*out)
			log_look(text, 'M', NULL, &quiet, out, len);
		regfree(&quiet);
	}
	while (i)
		regfree(rows + --i);
	return found ? found->status : *out ? CR_EXIT_UNSUPPORTED : CR_EXIT_BACKEND;
}

enum cairn_exit cr_criu_log_cause(int dir, const char *log, char *out, size_t len)
{
	cr_auto_fd fd = openat(dir, log, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	cr_auto_free char *text = NULL;
	off_t take = size > LOG_BYTES ? LOG_BYTES : size, i;

	*out = 0;
	if (take > 0)
		text = malloc(take + 1);
	if (!text || cr_read_at(fd, text, take, size - take))
		return CR_EXIT_BACKEND;
	for (i = 0; i < take; i++)
		text[i] = text[i] ? text[i] : ' ';
	text[take] = 0;
	return cr_criu_cause(text, out, len);
}
