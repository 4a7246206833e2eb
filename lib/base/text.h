/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_TEXT_H
#define RLXC_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A growing text. A zeroed struct is the empty text with data == NULL. After the first failed
 * allocation every addition is dropped and text_finish reports it: callers check once. */
struct text {
	char *data; /* NUL-terminated once anything was added */
	size_t len;
	size_t size;
	bool failed;
};

void text_add(struct text *text, const char *str);
void text_add_len(struct text *text, const char *str, size_t len);
void text_addf(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 0 and the owned string (never NULL), or -ENOMEM; @text is empty afterwards. */
int text_finish(struct text *text, char **ret_str);
void text_done(struct text *text);

/* The JSON string literal of @str, quotes included; bytes that are no UTF-8 become U+FFFD. */
void text_add_json(struct text *text, const char *str);
/* @str with the bytes of control characters, and those that are no UTF-8, as \xNN: what came from a
 * container does not drive a terminal. */
void text_add_printable(struct text *text, const char *str);
/* @path as fstab(5) writes it. */
void text_add_fstab(struct text *text, const char *path);

bool str_starts_with(const char *str, const char *prefix);
bool str_ends_with(const char *str, const char *suffix);

/* Number of single-character edits between two words, capped at @max + 1. */
unsigned int str_distance(const char *a, const char *b, unsigned int max);
/* The name that @word was probably meant to be: the first of the nearest ones, at most @max such
 * edits away; NULL: there is none. */
const char *str_nearest(const char *word, const char *const *names, size_t n, unsigned int max);

#endif
