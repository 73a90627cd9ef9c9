// SPDX-License-Identifier: Apache-2.0
//
// For the plugin example: two processes share a fanotify descriptor that tells when the file named
// by the argument is changed. While there is a file "ask", each writes to told.parent or told.child
// whether it has read an event; when that is gone they remove them. Nothing is read unless asked.
// They end with a file "end", well if both saw the same open file description.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/wait.h>
#include <unistd.h>

static int fan = -1, other = -1;

static int take(void)
{
	char events[4096];
	ssize_t n = read(fan, events, sizeof(events));
	const struct fanotify_event_metadata *e = (void *)events;

	return n >= (ssize_t)sizeof(*e) && e->mask & FAN_MODIFY;
}

static void tell(const char *name, const char *what)
{
	char temporary[64];
	FILE *f;

	snprintf(temporary, sizeof(temporary), "%s.new", name);
	f = fopen(temporary, "w");
	fprintf(f, "%s\n", what);
	fclose(f);
	rename(temporary, name);
}

/* A flag that one sets the other sees. */
static int shared(int parent)
{
	int i;

	if (parent)
		return fcntl(other, F_SETFL, fcntl(other, F_GETFL) & ~O_NONBLOCK);
	for (i = 0; i < 3000 && fcntl(fan, F_GETFL) & O_NONBLOCK; i++)
		usleep(10000);
	return i == 3000;
}

static int live(int parent)
{
	const char *name = parent ? "told.parent" : "told.child";

	while (access("end", F_OK)) {
		if (!access("ask", F_OK) && access(name, F_OK))
			tell(name, take() ? "event" : "nothing");
		else if (access("ask", F_OK))
			unlink(name);
		usleep(10000);
	}
	return shared(parent);
}

int main(int argc, char **argv)
{
	int status = 0, ret;
	pid_t child;

	fan = fanotify_init(FAN_REPORT_FID | FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);
	if (fan < 0 || fanotify_mark(fan, FAN_MARK_ADD, FAN_MODIFY, AT_FDCWD, argv[1]))
		return 1;
	if (argc > 2)
		return 0;
	other = dup(fan);
	child = fork();
	if (!child)
		return live(0);
	tell("ready", "");
	ret = live(1);
	waitpid(child, &status, 0);
	return ret || status;
}
