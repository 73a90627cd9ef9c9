// SPDX-License-Identifier: Apache-2.0
//
// crimage env: the environment of a process. What it has now is in its memory behind libc's
// environ; what it was started with stands at its stack's end, as /proc/PID/environ shows it. The
// first is taken if environ can be found by the symbols of the libc that the process maps.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/elf_id.h"
#include "common/image.h"
#include "common/json.h"
#include "inspect/env.h"
#include "inspect/inspect.h"
#include "inspect/inspect_memory.h"
#include "objects/shape/model.h"
#include "objects/shape/text.h"

/* More than anybody has: a damaged list may go on for ever. */
#define VARIABLES_MAX 65536
#define VARIABLE_MAX (128 << 10)

typedef CR_LIST(char *) texts;

static bool env_add(texts *list, const char *text, size_t len)
{
	char **to = cr_list_add(list);

	if (to)
		*to = strndup(text, len);
	return to && *to;
}

/* Where a program or library has environ, 0 if it has none. */
static uint64_t environ_of(const cairn_Vma *first)
{
	static const char *const names[] = { "__environ", "environ", "_environ" };
	cr_auto_fd fd = cr_mapped_file(first);
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(names) && fd >= 0 && !value; i++)
		value = cr_elf_symbol(fd, names[i]);
	/* One that is not moved when it is loaded has addresses, others distances. */
	return value && value < first->start ? first->start + value : value;
}

/*
 * The program's if it has one: the linker gave it a copy, which libc uses then. Otherwise libc's
 * own; 0 if neither can be found.
 */
static uint64_t environ_at(const struct cr_process_image *p)
{
	uint64_t of_libc = 0, of_program = 0;
	size_t i;

	for (i = 0; i < p->vmas.n && !of_program; i++) {
		const cairn_Vma *v = &p->vmas.v[i];
		const char *base = v->path ? strrchr(v->path, '/') : NULL;

		/* The first segment: where symbols are counted from. */
		if (v->kind != cairn_VmaKind_VMA_FILE || v->offset || !base)
			continue;
		if (!strcmp(v->path, p->process.exe))
			of_program = environ_of(v);
		else if (!of_libc && !strncmp(base, "/libc.", 6))
			of_libc = environ_of(v);
	}
	return of_program ? of_program : of_libc;
}

static bool read_text(struct cr_memory *m, uint64_t at, texts *to)
{
	cr_auto_free char *text = NULL;
	struct cr_err none = { 0 };
	size_t len = 0, room = 0;

	while (len < VARIABLE_MAX) {
		const void *data;
		size_t n = CR_PAGE, k;
		char *more;

		if (cr_memory_view(m, at + len, &data, &n, &none))
			return false;
		if (len + n > room) {
			room = 2 * (len + n);
			more = realloc(text, room);
			if (!more)
				return false;
			text = more;
		}
		k = strnlen(data, n);
		memcpy(text + len, data, k);
		len += k;
		if (k < n)
			return env_add(to, text, len);
	}
	return false;
}

/* What the process would print now. */
static bool read_live(const struct cr_image *img, const struct cr_process_image *p, texts *to)
{
	uint64_t place = environ_at(p), list, at;
	struct cr_memory *m = NULL;
	struct cr_err none = { 0 };
	bool ok = place && !cr_memory_open(&m, img, p, &none) &&
		  !cr_memory_read(m, place, &list, sizeof(list), &none) && list;

	for (; ok && to->n < VARIABLES_MAX; list += sizeof(at)) {
		ok = !cr_memory_read(m, list, &at, sizeof(at), &none);
		if (!ok || !at)
			break;
		ok = read_text(m, at, to);
	}
	cr_memory_close(m);
	return ok;
}

static bool read_first(struct cr_inspect *in, const struct cr_process_image *p, texts *to)
{
	cr_auto_free char *text = NULL;
	size_t len, at, n;

	if (cr_memory_strings(in->img, p, p->process.env_start, p->process.env_end, &text, &len,
			     &in->err))
		return false;
	for (at = 0; at < len; at += n + 1) {
		n = strnlen(text + at, len - at);
		/* setproctitle() leaves zeros behind. */
		if (n && !env_add(to, text + at, n))
			return false;
	}
	return true;
}

static void env_drop(texts *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (texts){ 0 };
}

static void env_print_json(const texts *list, const struct cr_process_image *p, bool live)
{
	struct cr_json j = { .out = stdout };
	size_t i;

	cr_json_object(&j, NULL);
	cr_json_int(&j, "pid", p->process.pid);
	cr_json_text(&j, "of", live ? "checkpoint" : "start");
	cr_json_object(&j, "environment");
	for (i = 0; i < list->n; i++) {
		char *is = strchr(list->v[i], '=');

		if (!is)
			continue;
		*is = 0;
		cr_json_text(&j, list->v[i], is + 1);
	}
	cr_json_end(&j);
	cr_json_end(&j);
}

int cr_inspect_env(struct cr_inspect *in)
{
	const struct cr_process_image *p = cr_inspect_process(in, in->of[1]);
	texts list = { 0 };
	bool live, ok;
	size_t i;

	if (!p)
		return -1;
	live = read_live(in->img, p, &list);
	if (!live)
		env_drop(&list);
	ok = live || read_first(in, p, &list);
	if (ok && in->json)
		env_print_json(&list, p, live);
	for (i = 0; ok && !in->json && i < list.n; i++)
		cr_line("%s", list.v[i]);
	/* Not among the lines, which are for programs to read as well. */
	if (ok && !live && !in->json)
		fprintf(stderr,
			"crimage: this is what process %d was started with: its libc is not "
			"here to tell what it has changed\n",
			p->process.pid);
	env_drop(&list);
	return ok ? 0 : -1;
}
