/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include "base/cleanup.h"
#include "commands.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int output_set(struct rlxc_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return code;
}

int output_write(int fd, const char *str, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, str, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		str += n;
		len -= (size_t)n;
	}
	return 0;
}

#define NAME_SHOWN 64 /* a longer name may be cut to this, with dots behind */

/* Does the message tell which container it is about? */
static bool has_name(const char *msg, const char *name)
{
	size_t len = strlen(name);

	if (len == 0)
		return true; /* what is wrong is that there is none */
	for (const char *s = strchr(msg, '\''); s; s = strchr(s + 1, '\'')) {
		size_t same = 0;

		while (same < len && s[1 + same] == name[same])
			same++;
		if (same == len ? s[1 + len] == '\'' : same >= NAME_SHOWN && s[1 + same] == '.')
			return true;
	}
	return false;
}

/* "cannot start 'web': " where the message lacks it. */
static void add_subject(struct text *text, const struct request *req, const char *msg)
{
	if (!req->name || !req->command || !req->command->verb || has_name(msg, req->name))
		return;
	text_addf(text, "cannot %s '%s': ", req->command->verb, req->name);
}

/* How scripts know the command, however it was called. */
static void add_command(struct text *text, const struct request *req)
{
	if (req->command)
		text_addf(text, "{\"command\":\"lxc-%s\",", req->command->name);
	else
		text_add(text, "{\"command\":\"rlxc\",");
}

static void add_json(struct text *text, const struct request *req, const struct rlxc_err *err,
                     const char *msg)
{
	add_command(text, req);
	text_add(text, "\"error\":");
	text_add_json(text, msg);
	text_add(text, ",\"hint\":");
	text_add_json(text, err->hint);
	text_addf(text, ",\"code\":%d}\n", err->code);
}

static void add_plain(struct text *text, const struct request *req, const struct rlxc_err *err,
                      const char *msg)
{
	text_addf(text, "%s: ", req->prog);
	text_add_printable(text, msg);
	text_add(text, "\n");
	if (!err->hint[0])
		return;
	text_add(text, "hint: ");
	text_add_printable(text, err->hint);
	text_add(text, "\n");
}

static int report(const struct request *req, const struct rlxc_err *err, const char *msg)
{
	_cleanup_(text_done) struct text text = {};

	if (req->quiet)
		return EXIT_FAILURE;
	if (req->json)
		add_json(&text, req, err, msg);
	else
		add_plain(&text, req, err, msg);
	if (text.failed || !text.data)
		(void)output_write(STDERR_FILENO, "out of memory\n", 14);
	else
		(void)output_write(STDERR_FILENO, text.data, text.len);
	return EXIT_FAILURE;
}

int output_failed(const struct request *req, const struct rlxc_err *err)
{
	_cleanup_(text_done) struct text msg = {};
	const char *what = err->msg[0] ? err->msg : strerror(err->code < 0 ? -err->code : EIO);

	add_subject(&msg, req, what);
	text_add(&msg, what);
	return report(req, err, msg.data ? msg.data : what);
}

int output_exit_code(const struct request *req, int r, const struct rlxc_err *err)
{
	if (r < 0)
		return output_failed(req, err);
	if (r > 0 && err->msg[0])
		(void)output_failed(req, err);
	return r;
}

int output_refused(const struct request *req, struct rlxc_err *err)
{
	if (!err->hint[0])
		(void)snprintf(err->hint, sizeof(err->hint), "see '%s --help'", req->prog);
	return report(req, err, err->msg);
}

int output_usage(const struct request *req, const char *fmt, ...)
{
	struct rlxc_err err = { .code = -EINVAL };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err.msg, sizeof(err.msg), fmt, ap);
	va_end(ap);
	return output_refused(req, &err);
}

void output_note(const struct request *req, const char *fmt, ...)
{
	_cleanup_(text_done) struct text text = {};
	char msg[1024];
	va_list ap;

	if (req->quiet)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (req->json) {
		add_command(&text, req);
		text_add(&text, "\"note\":");
		text_add_json(&text, msg);
		text_add(&text, "}");
	} else {
		text_addf(&text, "%s: ", req->prog);
		text_add_printable(&text, msg);
	}
	text_add(&text, "\n");
	if (text.data)
		(void)output_write(STDERR_FILENO, text.data, text.len);
}

int output_answer(const struct request *req, struct text *text)
{
	_cleanup_free_ char *str = NULL;
	struct rlxc_err err = {};
	size_t len = text->len;
	int r;

	r = text_finish(text, &str);
	if (r >= 0)
		r = output_write(STDOUT_FILENO, str, len);
	if (r >= 0)
		return EXIT_SUCCESS;
	output_set(&err, r, "cannot write the answer: %s", strerror(-r));
	return output_failed(req, &err);
}

int output_created(const struct request *req, const struct rlxc *rlxc, const char *name)
{
	_cleanup_(text_done) struct text path = {};
	struct text text = {};

	if (!req->json)
		return EXIT_SUCCESS;
	text_addf(&path, "%s/%s", rlxc_path(rlxc), name);
	text_add(&text, "{\"name\":");
	text_add_json(&text, name);
	text_add(&text, ",\"path\":");
	text_add_json(&text, path.data ? path.data : "");
	text_add(&text, "}\n");
	return output_answer(req, &text);
}
