// SPDX-License-Identifier: Apache-2.0
//
// How a daemon tells whoever started it how it is.
#pragma once

/*
 * To systemd, by sd_notify's protocol, if NOTIFY_SOCKET is set: assignments such as "READY=1",
 * one per line. Nobody there: nothing happens.
 */
void cr_notify(const char *state);

/* READY=1, and a line feed into fd, which is then closed (-1: none). */
void cr_ready(int fd);
