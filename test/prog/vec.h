/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the programs that hold vector registers across a spin in two threads. */
#ifndef TEST_VEC_H
#define TEST_VEC_H

#include "prog.h"

static atomic_int vec_stop;

/* Load the registers from in, spin until vec_stop, store them to out. */
static void vec_spin(const void *in, void *out);

static size_t vec_len;

static inline void *vec_thread(void *arg)
{
	static char in[2][8192] __attribute__((aligned(64)));
	static char out[2][8192] __attribute__((aligned(64)));
	long me = (long)arg;

	prog_fill(in[me], vec_len, 100 + me);
	vec_spin(in[me], out[me]);
	CHECK(!memcmp(in[me], out[me], vec_len));
	return NULL;
}

static inline void vec_main(size_t len)
{
	pthread_t t[2];
	long i;

	vec_len = len;
	for (i = 0; i < 2; i++)
		prog_thread(&t[i], vec_thread, (void *)i);
	prog_ready();
	prog_wait();
	atomic_store(&vec_stop, 1);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	prog_pass();
}

#endif
