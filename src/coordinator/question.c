// SPDX-License-Identifier: Apache-2.0
//
// A request of HTTP/1.1, taken apart: its first line, and those headers that are of use here. One
// that stands there twice is refused, since who is in front of us might have meant the other. No
// I/O; what is wrong is told as a status of HTTP.
#include "coordinator/question.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/defs.h"

/* Ends a line, and gives where the next one begins. */
static char *cut_line(char *line)
{
	char *end = strchr(line, '\n');

	*end = 0;
	if (end > line && end[-1] == '\r')
		end[-1] = 0;
	return end + 1;
}

static const struct {
	const char *name;
	size_t at;
} headers[] = {
	{ "Host", offsetof(struct co_question, host) },
	{ "Authorization", offsetof(struct co_question, authorization) },
	{ "Cookie", offsetof(struct co_question, cookie) },
	{ "Origin", offsetof(struct co_question, origin) },
	{ "X-CSRF-Token", offsetof(struct co_question, csrf) },
	{ "Last-Event-ID", offsetof(struct co_question, last_event) },
	{ "Content-Length", offsetof(struct co_question, length) },
	{ "Transfer-Encoding", offsetof(struct co_question, transfer) },
};

static bool question_take(struct co_question *q, char *line)
{
	size_t i, n;

	for (i = 0; i < CR_ARRAY_SIZE(headers); i++) {
		const char **to = (const char **)((char *)q + headers[i].at);

		n = strlen(headers[i].name);
		if (strncasecmp(line, headers[i].name, n) || line[n] != ':')
			continue;
		if (*to)
			return false;
		*to = line + n + 1 + strspn(line + n + 1, " \t");
		for (n = strlen(line); n && strchr(" \t", line[n - 1]) && line + n > *to; n--)
			line[n - 1] = 0;
	}
	return true;
}

/* How much follows. */
static int take_length(struct co_question *q)
{
	bool post = !strcmp(q->method, "POST");
	const char *p = q->length;

	if (q->transfer)
		return post ? 411 : 413;
	if (!p)
		return 0;
	if (!*p || strlen(p) > 9 || strspn(p, "0123456789") != strlen(p))
		return 400;
	q->want = strtoul(p, NULL, 10);
	if (q->want > (post ? CO_QUESTION_BODY : 0))
		return 413;
	return 0;
}

int co_question_parse(char *text, struct co_question *q)
{
	char *line = cut_line(text), *target, *version;

	target = strchr(text, ' ');
	version = target ? strrchr(target + 1, ' ') : NULL;
	if (!version || version == target + 1)
		return 400;
	*target++ = 0;
	*version++ = 0;
	q->method = text;
	q->target = target;
	q->head = !strcmp(text, "HEAD");
	if (strncmp(version, "HTTP/", 5))
		return 400;
	if (strncmp(version, "HTTP/1.", 7))
		return 505;
	q->old = !strcmp(version, "HTTP/1.0");
	while (*line) {
		char *next = cut_line(line);

		if (!question_take(q, line))
			return 400;
		line = next;
	}
	return take_length(q);
}

size_t co_question_end(const char *text, size_t n)
{
	size_t i, line = 0;

	for (i = 0; i < n; i++) {
		if (text[i] != '\n')
			continue;
		if (i > 0 && (i == line || (i == line + 1 && text[line] == '\r')))
			return i + 1;
		line = i + 1;
	}
	return 0;
}
