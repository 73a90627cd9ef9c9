// SPDX-License-Identifier: Apache-2.0
//
// The library's own mem*, str* and sig*set, hidden, for its files and the libraries linked into it.
// A program may export functions of these names (sanitizers do), and the dynamic linker would give
// us those: they count, lock, write down what they see, or have other ideas of what they may touch.
// Runs in: all of the library, signal handlers and the writer included. Cannot fail.
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A loop that copies is not to become a call of the function that it is the body of. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#define STRING_FROM 64 /* bytes, where the instruction's start-up has paid */

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

static void copy_up(char *to, const char *from, size_t n)
{
	if (n >= STRING_FROM) {
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
		return;
	}
	for (; n >= sizeof(word); n -= sizeof(word), to += sizeof(word), from += sizeof(word))
		*(word *)to = *(const word *)from;
	while (n--)
		*to++ = *from++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	copy_up(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	/* Words are read before they are written, so upwards is right also from nearby. */
	if ((uintptr_t)t - (uintptr_t)f >= n) {
		copy_up(t, f, n);
		return to;
	}
	for (; n >= sizeof(word); n -= sizeof(word))
		*(word *)(t + n - sizeof(word)) = *(const word *)(f + n - sizeof(word));
	while (n--)
		t[n] = f[n];
	return to;
}

void *memset(void *to, int c, size_t n)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(c) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

/* Under names of which the compiler knows nothing: it turns some of these calls into others. */
static size_t string_length(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

static int string_compare(const char *a, const char *b, size_t n)
{
	for (; n && *a == *b; n--, a++, b++)
		if (!*a)
			return 0;
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

static const char *string_find(const char *s, char c)
{
	for (;; s++) {
		if (*s == c)
			return s;
		if (!*s)
			return NULL;
	}
}

static char *copy_text(char *to, const char *from)
{
	while ((*to = *from++))
		to++;
	return to;
}

size_t strnlen(const char *s, size_t max)
{
	return string_length(s, max);
}

size_t strlen(const char *s)
{
	return string_length(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	return string_compare(a, b, n);
}

int strcmp(const char *a, const char *b)
{
	return string_compare(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	return (char *)string_find(s, c);
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = s;
		if (!*s)
			return (char *)found;
	}
}

char *strstr(const char *s, const char *part)
{
	size_t n = string_length(part, SIZE_MAX);

	for (; string_compare(s, part, n); s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

size_t strcspn(const char *s, const char *ends)
{
	size_t n = 0;

	while (s[n] && !string_find(ends, s[n]))
		n++;
	return n;
}

char *stpcpy(char *restrict to, const char *restrict from)
{
	return copy_text(to, from);
}

char *strcpy(char *restrict to, const char *restrict from)
{
	copy_text(to, from);
	return to;
}

/* ---- sets of signals: of what the kernel takes, the first word ---- */

static uint64_t *set_word(const sigset_t *set)
{
	return (uint64_t *)set;
}

int sigemptyset(sigset_t *set)
{
	memset(set, 0, sizeof(*set));
	return 0;
}

int sigaddset(sigset_t *set, int sig)
{
	*set_word(set) |= 1ull << (sig - 1);
	return 0;
}

int sigdelset(sigset_t *set, int sig)
{
	*set_word(set) &= ~(1ull << (sig - 1));
	return 0;
}

int sigismember(const sigset_t *set, int sig)
{
	return *set_word(set) >> (sig - 1) & 1;
}

/* ---- what the linked libraries name, on ways that are not ours ---- */

void *calloc(size_t n, size_t size)
{
	return NULL;
}

void *malloc(size_t size)
{
	return NULL;
}

void *realloc(void *p, size_t size)
{
	return NULL;
}

void free(void *p)
{
}

/* Of a library built with a protector: what it has found is not to run on. */
void __attribute__((noreturn)) __stack_chk_fail(void) /* style: the compiler's name */
{
	__builtin_trap();
}
