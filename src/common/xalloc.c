// SPDX-License-Identifier: Apache-2.0
//
// See xalloc.h.
#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

void *cr_xcheck(void *p, size_t size)
{
	if (p || !size)
		return p;
	cr_say("out of memory: no %zu bytes more to be had; ended, to be started again", size);
	_exit(CR_EXIT_INTERNAL);
}

void *cr_xmalloc(size_t size)
{
	return cr_xcheck(malloc(size), size);
}

void *cr_xcalloc(size_t n, size_t size)
{
	return cr_xcheck(calloc(n, size), n * size);
}

void *cr_xrealloc(void *p, size_t size)
{
	return cr_xcheck(realloc(p, size), size);
}

void *cr_xmemdup(const void *data, size_t len)
{
	char *copy = len ? cr_xmalloc(len + 1) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, data, len);
	copy[len] = 0;
	return copy;
}

char *cr_xstrdup(const char *text)
{
	return cr_xcheck(strdup(text), strlen(text) + 1);
}
