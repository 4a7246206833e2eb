/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config-check.h"

#include "output.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 78

/* ---- check ---- */

struct answer {
	struct text text;
	unsigned int n; /* members of the JSON array */
};

/* "FILE:LINE:COLUMN: ", as compilers have it. */
static void add_place(struct text *text, const struct rlxc_line *line)
{
	text_add_printable(text, line->file);
	if (line->line)
		text_addf(text, ":%u:%u", line->line, line->column);
	text_add(text, ": ");
}

static void add_line(void *arg, const struct rlxc_line *line)
{
	struct text *text = &((struct answer *)arg)->text;

	if (line->key && !line->err) {
		add_place(text, line);
		text_add_printable(text, line->key);
		text_add(text, *line->value ? " = " : " =");
		text_add_printable(text, line->value);
		if (line->meaning)
			text_addf(text, " -- %.*s", (int)line->meaning_len, line->meaning);
		text_add(text, "\n");
	}
	if (!line->err && !*line->note)
		return;
	add_place(text, line);
	text_add(text, line->err ? "error: " : "warning: ");
	text_add_printable(text, line->err ? line->err->msg : line->note);
	text_add(text, "\n");
	if (line->err && *line->err->hint) {
		text_add(text, "  hint: ");
		text_add_printable(text, line->err->hint);
		text_add(text, "\n");
	}
}

static void add_member(struct text *text, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	text_addf(text, ",\"%s\":", name);
	text_add_json(text, value);
}

static void add_json_line(void *arg, const struct rlxc_line *line)
{
	struct answer *answer = arg;
	struct text *text = &answer->text;
	_cleanup_free_ char *meaning =
		line->meaning ? strndup(line->meaning, line->meaning_len) : NULL;

	text_addf(text, "%s{\"status\":\"%s\"", answer->n++ ? "," : "",
	          line->err     ? "error"
	          : *line->note ? "warning"
	                        : "ok");
	add_member(text, "file", line->file);
	if (line->line)
		text_addf(text, ",\"line\":%u,\"column\":%u", line->line, line->column);
	add_member(text, "key", line->key);
	if (line->key) {
		text_add(text, ",\"value\":");
		text_add_json(text, line->value);
	}
	add_member(text, "meaning", meaning);
	add_member(text, "warning", line->note);
	if (line->err) {
		add_member(text, "error", line->err->msg);
		add_member(text, "hint", line->err->hint);
	}
	text_add(text, "}");
}

static void add_summary(struct text *text, const char *path, unsigned int n_wrong)
{
	text_add_printable(text, path);
	text_addf(text, ": %u mistake%s\n", n_wrong, n_wrong == 1 ? "" : "s");
}

int config_check(const struct request *req, struct rlxc *rlxc, const char *path)
{
	struct answer answer = {};
	struct rlxc_err err = {};
	unsigned int n_wrong;
	int r;

	if (req->json)
		text_add(&answer.text, "{\"lines\":[");
	r = rlxc_check_config(rlxc, path, req->json ? add_json_line : add_line, &answer, &n_wrong,
	                      &err);
	if (r < 0) {
		text_done(&answer.text);
		return output_failed(req, &err);
	}
	if (req->json)
		text_addf(&answer.text, "],\"works\":%s}\n", n_wrong ? "false" : "true");
	else
		add_summary(&answer.text, path, n_wrong);
	r = output_answer(req, &answer.text);
	return n_wrong ? EXIT_FAILURE : r;
}

/* ---- explain ---- */

/* A paragraph in indented lines. */
static void add_wrapped(struct text *text, const char *str, size_t len)
{
	while (len) {
		size_t n = len;

		if (n > WIDTH) {
			for (n = WIDTH; n && str[n] != ' ';)
				n--;
			n = n ? n : len;
		}
		text_addf(text, "  %.*s\n", (int)n, str);
		n += n < len;
		str += n;
		len -= n;
	}
}

static void add_key(struct text *text, const struct rlxc_key *key)
{
	const char *kind = key->kind, *str = key->text;

	text_addf(text, *kind ? "%s (%s)\n" : "%s\n", key->name, kind);
	for (;;) {
		size_t len = strcspn(str, "\n");

		add_wrapped(text, str, len);
		str += len;
		if (!*str)
			break;
		str++;
		text_add(text, "\n");
	}
}

static void add_json_key(struct text *text, const struct rlxc_key *key)
{
	text_add(text, "{\"key\":");
	text_add_json(text, key->name);
	add_member(text, "type", key->kind);
	add_member(text, "text", key->text);
	text_add(text, "}");
}

int config_explain(const struct request *req, const char *key)
{
	_cleanup_free_ struct rlxc_key *keys = NULL;
	struct rlxc_err err = {};
	struct text text = {};
	size_t n;
	int r;

	r = rlxc_explain(key, &keys, &n, &err);
	if (r < 0)
		return output_failed(req, &err);
	for (size_t i = 0; i < n; i++) {
		if (i || req->json)
			text_add(&text, !req->json ? "\n" : i ? "," : "[");
		(req->json ? add_json_key : add_key)(&text, &keys[i]);
	}
	text_add(&text, req->json ? "]\n" : "");
	return output_answer(req, &text);
}
