/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_STRV_H
#define RLXC_BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

/* A list of owned strings; items[n] is NULL whenever items is not, so it can serve as argv.
 * A zeroed struct is the empty list. */
struct strv {
	char **items;
	size_t n;
};

/* 0, or -ENOMEM and the list unchanged. */
int strv_add(struct strv *list, const char *text);
int strv_add_len(struct strv *list, const char *text, size_t len);
int strv_addf(struct strv *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes ownership of @text, also when it fails. */
int strv_take(struct strv *list, char *text);
bool strv_has(const struct strv *list, const char *text);
/* Removes all that are equal to @text. Was there one? */
bool strv_drop(struct strv *list, const char *text);
void strv_remove(struct strv *list, size_t index);
void strv_done(struct strv *list);

/* Splits at runs of blanks (space, tab). A word that starts with ' or " runs to the next such
 * quote, without escapes; an unterminated quoted word is -EINVAL. */
int strv_split_words(struct strv *list, const char *text);
/* Splits at every @sep; empty fields are kept. */
int strv_split_at(struct strv *list, const char *text, char sep);

#endif
