// SPDX-License-Identifier: Apache-2.0
//
// New values in the environment of a restored process (common/environment.h). The list that
// getenv() walks is made anew in memory of its own; the old one and its strings stay as they are,
// since the program may have kept pointers to them, and libc copes with a list that it did not
// make. Runs in: the main thread of a restored process, before anything else of it. Without memory
// the environment stays as it was.
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/environment.h"
#include "preload/agent_environment.h"
#include "preload/agent_ids.h"
#include "preload/state.h"

/* Walks the changes: the next that is for id; NULL when there are no more. */
static const char *agent_environment_next(const struct cr_environment *e, uint32_t *at, int id)
{
	while (*at + sizeof(int32_t) < e->len) {
		const char *text = e->text + *at + sizeof(int32_t);
		int32_t of;

		memcpy(&of, e->text + *at, sizeof(of));
		*at += sizeof(of) + strnlen(text, e->len - *at - sizeof(of)) + 1;
		if (*at <= e->len && (!of || of == id))
			return text;
	}
	return NULL;
}

static bool is_about(const char *change, const char *variable)
{
	for (; *change && *change != '='; change++, variable++) {
		if (*change == '*' && !change[1])
			return true;
		if (*change != *variable)
			return false;
	}
	return !*variable || *variable == '=';
}

/* The last change of a variable counts; NULL if there is none. */
static const char *change_of(const struct cr_environment *e, int id, const char *variable)
{
	const char *found = NULL, *text;
	uint32_t at = 0;

	while ((text = agent_environment_next(e, &at, id)))
		if (is_about(text, variable))
			found = text;
	return found;
}

const char *agent_variable(const char *name)
{
	size_t n = strlen(name);
	char **e;

	for (e = environ; e && *e; e++)
		if (!strncmp(*e, name, n) && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

void agent_change_environment(const struct cr_environment *e)
{
	int id = agent_virtual_of(CR_ID_PROCESS, cr_agent.pid);
	size_t n = 0, kept = 0, i;
	const char *text, *now;
	uint32_t at = 0;
	char **list, *strings;
	long room;

	if (!e->len || e->len > sizeof(e->text))
		return;
	while (environ && environ[n])
		n++;
	for (i = 0; agent_environment_next(e, &at, id); i++)
		;
	if (!i)
		return;
	/* Never freed: the program may keep what getenv() has given. */
	room = (n + i + 1) * sizeof(*list) + e->len;
	list = (char **)cr_sys6(SYS_mmap, 0, room, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if ((unsigned long)list > -4096ul)
		return;
	strings = (char *)(list + n + i + 1);
	for (i = 0; i < n; i++)
		if (!change_of(e, id, environ[i]))
			list[kept++] = environ[i];
	for (at = 0; (text = agent_environment_next(e, &at, id));) {
		now = change_of(e, id, text);
		if (now != text || !strchr(text, '='))
			continue;
		list[kept++] = strings;
		memcpy(strings, text, strlen(text) + 1);
		strings += strlen(text) + 1;
	}
	list[kept] = NULL;
	environ = list;
}
