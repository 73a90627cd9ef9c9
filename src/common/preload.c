// SPDX-License-Identifier: Apache-2.0
//
// The list of libraries for a program to be executed. Raw system calls; of string.h what the agent
// has itself. On failure: as if the program needed no runtime.
#include "common/preload.h"

#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "arch/x86_64/syscall.h"

#define SCRIPTS 4 /* as deep as the kernel follows them */
#define SEGMENTS 32
#define ENTRIES 64 /* of a dynamic section, in one go */
#define LIBRARIES 32
#define PATH_ROOM 256

/* By which an AddressSanitizer is known: gcc's and clang's. */
static bool is_runtime(const char *name, size_t len)
{
	static const char *const names[] = { "libasan.so", "libclang_rt.asan" };
	size_t i, n;

	for (n = len; n && name[n - 1] != '/'; n--)
		;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (len - n >= strlen(names[i]) && !strncmp(name + n, names[i], strlen(names[i])))
			return true;
	return false;
}

static bool preload_read_all(int fd, void *to, size_t len, uint64_t at)
{
	return cr_sys4(SYS_pread64, fd, to, len, at) == (long)len;
}

/* The place in the file of what will be at an address. */
static uint64_t preload_offset_of(const Elf64_Phdr *ph, int n, uint64_t address)
{
	int i;

	for (i = 0; i < n; i++)
		if (ph[i].p_type == PT_LOAD && address >= ph[i].p_vaddr &&
		    address - ph[i].p_vaddr < ph[i].p_filesz)
			return address - ph[i].p_vaddr + ph[i].p_offset;
	return 0;
}

struct libraries {
	uint64_t strings; /* address of their names */
	uint64_t names[LIBRARIES];
	unsigned int n;
};

static void list_libraries(int fd, const Elf64_Phdr *dynamic, struct libraries *out)
{
	uint64_t at = dynamic->p_offset, end = at + dynamic->p_filesz;
	Elf64_Dyn d[ENTRIES];

	for (; at + sizeof(*d) <= end; at += sizeof(d)) {
		size_t n = (end - at) / sizeof(*d), i;

		n = n < ENTRIES ? n : ENTRIES;
		if (!preload_read_all(fd, d, n * sizeof(*d), at))
			return;
		for (i = 0; i < n; i++) {
			if (d[i].d_tag == DT_NULL)
				return;
			if (d[i].d_tag == DT_STRTAB)
				out->strings = d[i].d_un.d_ptr;
			else if (d[i].d_tag == DT_NEEDED && out->n < LIBRARIES)
				out->names[out->n++] = d[i].d_un.d_val;
		}
	}
}

static void preload_look_at_program(int fd, const Elf64_Ehdr *eh, char *name)
{
	struct libraries libraries = { .n = 0 };
	Elf64_Phdr ph[SEGMENTS];
	uint64_t strings;
	unsigned int i;

	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_phentsize != sizeof(*ph) ||
	    eh->e_phnum > SEGMENTS ||
	    !preload_read_all(fd, ph, eh->e_phnum * sizeof(*ph), eh->e_phoff))
		return;
	for (i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			list_libraries(fd, &ph[i], &libraries);
	strings = preload_offset_of(ph, eh->e_phnum, libraries.strings);
	for (i = 0; strings && i < libraries.n; i++) {
		char text[CR_RUNTIME_NAME_MAX];
		long n = cr_sys4(SYS_pread64, fd, text, sizeof(text), strings + libraries.names[i]);

		if (n <= 0 || strnlen(text, n) == (size_t)n || !is_runtime(text, strlen(text)))
			continue;
		memcpy(name, text, strlen(text) + 1);
		return;
	}
}

/* The interpreter of a script; false if it is none. */
static bool read_script(int fd, char path[PATH_ROOM])
{
	char line[PATH_ROOM];
	long n = cr_sys4(SYS_pread64, fd, line, sizeof(line) - 1, 0);
	size_t from = 2, len = 0;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = 0;
	while (line[from] == ' ' || line[from] == '\t')
		from++;
	while (line[from + len] && line[from + len] != ' ' && line[from + len] != '\t' &&
	       line[from + len] != '\n')
		len++;
	memcpy(path, line + from, len);
	path[len] = 0;
	return len;
}

/* True if it is a script, for whose interpreter that is to be asked. */
static bool preload_look_at(int fd, char *name, char script[PATH_ROOM])
{
	Elf64_Ehdr eh;

	if (read_script(fd, script))
		return true;
	if (preload_read_all(fd, &eh, sizeof(eh), 0) && !memcmp(eh.e_ident, ELFMAG, SELFMAG))
		preload_look_at_program(fd, &eh, name);
	return false;
}

void cr_preload_first(int dir, const char *path, int flags, char name[CR_RUNTIME_NAME_MAX])
{
	char script[PATH_ROOM];
	bool again = true;
	int depth;

	name[0] = 0;
	for (depth = 0; again && depth <= SCRIPTS; depth++) {
		/* Only the kernel looks at what the application says is a path. */
		long fd = cr_sys4(SYS_openat, dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

		if (fd >= 0) {
			again = preload_look_at(fd, name, script);
			cr_sys1(SYS_close, fd);
		} else {
			again = !depth && flags & AT_EMPTY_PATH &&
				preload_look_at(dir, name, script);
		}
		dir = AT_FDCWD;
		path = script;
	}
}

/* ---- the list ---- */

static bool is_separator(char c)
{
	return c == ':' || c == ' ';
}

/* The next entry from *at on; its length, 0 at the end. */
static size_t preload_next(const char **at)
{
	size_t n = 0;

	while (is_separator(**at))
		++*at;
	while ((*at)[n] && !is_separator((*at)[n]))
		n++;
	return n;
}

static char *preload_add(char *to, const char *entry, size_t n)
{
	if (!n)
		return to;
	memcpy(to, entry, n);
	to[n] = ':';
	return to + n + 1;
}

/* What an earlier program needed and this list has of us. */
static const char *behind_ours(const char *given)
{
	const char *p = given;
	size_t n = given ? preload_next(&p) : 0;

	return n && is_runtime(p, n) && p[n] == ':' && p[n + 1] == ':' ? p + n + 2 : given;
}

void cr_preload_list(char *out, const char *own, const char *given, const char *first)
{
	const char *list = behind_ours(given), *p;
	bool has_own = false, has_runtime = false;
	char *to = out;
	size_t n;

	for (p = list; p && (n = preload_next(&p)); p += n) {
		if (n == strlen(own) && !strncmp(p, own, n))
			has_own = true;
		has_runtime |= is_runtime(p, n);
	}
	if (!has_runtime && *first) {
		to = preload_add(to, first, strlen(first));
		*to++ = ':';
	}
	for (p = list; p && (n = preload_next(&p)); p += n)
		if (is_runtime(p, n))
			to = preload_add(to, p, n);
	if (!has_own)
		to = preload_add(to, own, strlen(own));
	for (p = list; p && (n = preload_next(&p)); p += n)
		if (!is_runtime(p, n))
			to = preload_add(to, p, n);
	to[to > out ? -1 : 0] = 0;
}
