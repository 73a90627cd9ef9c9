// SPDX-License-Identifier: Apache-2.0
//
// Who may ask over HTTP: the token, links that work once, sessions of browsers; see sign_in.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct co;
struct co_question;
struct cr_err;

#define CO_SIGN_KEY 64 /* characters of a link's key, a cookie's value, a CSRF token */
#define CO_LINK_S 60
#define CO_SESSION_S 43200

struct co_sign;

enum co_who { CO_NOBODY, CO_BY_TOKEN, CO_BY_COOKIE };

/* Loads the token, or makes it; and those who are signed in. cookie: its name; copied. */
struct co_sign *co_sign_new(struct co *c, const char *cookie, struct cr_err *err);
void co_sign_free(struct co_sign *s);

enum co_who co_sign_who(struct co_sign *s, const struct co_question *q);
/* Whether a POST by cookie comes from a page of ours; if not, why. */
bool co_sign_same_origin(struct co_sign *s, const struct co_question *q, const char **why);
/* The Host is one of ours: no name that somebody else has pointed here. */
bool co_sign_host(const struct co *c, const struct co_question *q);

/* A key for a link, good once and for CO_LINK_S. */
bool co_sign_link(struct co_sign *s, char key[CO_SIGN_KEY + 1]);
bool co_sign_take_link(struct co_sign *s, const char *key);
bool co_sign_token(const struct co_sign *s, const char *token, size_t len);
/* A new session: its cookie as a header with its end. False: no randomness. */
bool co_sign_begin(struct co_sign *s, bool tls, char *header, size_t len, char *csrf);
/* That of this cookie: its end in ms since 1970, 0: none; csrf may be NULL. */
int64_t co_sign_session(struct co_sign *s, const struct co_question *q, char *csrf);
void co_sign_out(struct co_sign *s, const struct co_question *q, char *header, size_t len);

/* One attempt more with what is not right; one action more. False: too many of late. */
bool co_sign_may_fail(struct co_sign *s);
bool co_sign_may_act(struct co_sign *s);
