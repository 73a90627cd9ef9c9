/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit statuses of crlaunch, crrestart and crctl, as in cairn-exit-codes(7). Any other status of
 * crlaunch and crrestart is the job's own: its root process's, or 128 + signal.
 */
#ifndef CAIRN_EXIT_CODES_H
#define CAIRN_EXIT_CODES_H

enum cairn_exit {
	CR_EXIT_STOPPED = 85, /* checkpointed and stopped, as asked */
	CR_EXIT_USAGE = 100, /* unknown option or bad value */
	CR_EXIT_NOT_FOUND = 101, /* no such job, checkpoint or directory */
	CR_EXIT_UNSUPPORTED = 102, /* the job holds something that cannot be saved; it goes on */
	CR_EXIT_DAMAGED = 103, /* image damaged, truncated or foreign; nothing was started */
	CR_EXIT_CHANGED = 104, /* a file that the job needs is missing or not the same */
	CR_EXIT_CPU = 105, /* this CPU lacks what the job's had */
	CR_EXIT_FORMAT = 106, /* image of a newer format */
	CR_EXIT_PERMISSION = 107, /* another user's job or image */
	CR_EXIT_EXISTS = 108, /* a job of that name is running */
	CR_EXIT_NAMESPACE = 109, /* this host forbids the namespaces that a restart needs */
	CR_EXIT_TIMEOUT = 110, /* a thread could not be stopped in time */
	CR_EXIT_IO = 111, /* directory not writable, disk full, input/output error */
	CR_EXIT_INTERNAL = 112, /* something that should not happen */
	CR_EXIT_CLUSTER = 113, /* no daemon of the cluster can be reached, or it refuses */
	CR_EXIT_TRUST = 114, /* a key or certificate is missing, wrong or open to others */
	CR_EXIT_FENCED = 115, /* cut off from the cluster for too long: the member was ended */
	CR_EXIT_NO_NODE = 116, /* no node of the cluster fits; the job waits */
	CR_EXIT_BACKEND = 117, /* CRIU or a container runtime is missing, too old or not allowed */
	CR_EXIT_PLUGIN = 118, /* a plugin is missing, too new, or failed; the job goes on */
	CR_EXIT_CANNOT_RUN = 126, /* command found but not executable */
	CR_EXIT_NO_COMMAND = 127, /* command not found */
};

#endif
