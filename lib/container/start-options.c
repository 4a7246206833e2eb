/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words that end in NUL: "KEY=VALUE" for what was given, and behind "--" the program to run. */
#include "container/start-options.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_MAX (4 * 1024 * 1024) /* a command line has less */

static const struct {
	const char *key;
	size_t offset; /* of a path */
} paths[] = {
	{ "rcfile", offsetof(struct rlxc_start_options, rcfile) },
	{ "pidfile", offsetof(struct rlxc_start_options, pidfile) },
	{ "console-log", offsetof(struct rlxc_start_options, console_log) },
};

static void add(struct text *text, const char *key, const char *value)
{
	text_addf(text, "%s=%s", key, value);
	text_add_len(text, "", 1);
}

static void add_path(struct text *text, const char *key, const char *path)
{
	_cleanup_free_ char *absolute = path ? realpath(path, NULL) : NULL;

	if (path)
		add(text, key, absolute ? absolute : path);
}

int start_options_write(const struct rundir *dir, const struct rlxc_start_options *options)
{
	_cleanup_(text_done) struct text text = {};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		add_path(&text, paths[i].key,
		         *(const char *const *)((const char *)options + paths[i].offset));
	if (options->console)
		add(&text, "console", options->console);
	if (options->strict_limits)
		add(&text, "strict-limits", "1");
	if (options->execute)
		add(&text, "execute", "1");
	for (size_t i = 0; i < options->n_defines; i++)
		add(&text, "define", options->defines[i]);
	for (size_t i = 0; i < options->n_publish; i++)
		add(&text, "publish", options->publish[i]);
	if (options->argv)
		text_add_len(&text, "--", sizeof("--"));
	for (char *const *word = options->argv; word && *word; word++)
		text_add_len(&text, *word, strlen(*word) + 1);
	if (text.failed)
		return -ENOMEM;
	return fd_replace_at(dir->dir_fd, "options", 0600, text.data, text.len);
}

static int take_option(struct start_record *record, const char *word)
{
	struct rlxc_start_options *options = &record->options;
	const char *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : 0;

	if (!value++)
		return -EBADMSG;
	if (str_starts_with(word, "define="))
		return strv_add(&record->defines, value);
	if (str_starts_with(word, "publish="))
		return strv_add(&record->publish, value);
	if (str_starts_with(word, "console="))
		options->console = value;
	options->strict_limits |= str_starts_with(word, "strict-limits=");
	options->execute |= str_starts_with(word, "execute=");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strlen(paths[i].key) == len && strncmp(word, paths[i].key, len) == 0)
			*(const char **)((char *)options + paths[i].offset) = value;
	return 0;
}

static int take_words(struct start_record *record, size_t size)
{
	const char *end = record->text + size;
	bool options = true;
	int r = 0;

	for (const char *word = record->text; word < end && r == 0; word += strlen(word) + 1) {
		if (options && strcmp(word, "--") == 0)
			options = false;
		else
			r = options ? take_option(record, word) : strv_add(&record->argv, word);
	}
	return r;
}

int start_options_read(const struct rundir *dir, struct start_record *ret_record)
{
	struct start_record record = {};
	size_t size;
	int r;

	r = fd_read_file(dir->dir_fd, "options", RECORD_MAX, &record.text, &size);
	if (r == 0)
		r = take_words(&record, size);
	if (r < 0) {
		start_record_done(&record);
		return r;
	}
	record.options.defines = (const char *const *)record.defines.items;
	record.options.n_defines = record.defines.n;
	record.options.publish = (const char *const *)record.publish.items;
	record.options.n_publish = record.publish.n;
	record.options.argv = record.argv.n ? record.argv.items : NULL;
	*ret_record = record;
	return 0;
}

void start_record_done(struct start_record *record)
{
	free(record->text);
	strv_done(&record->defines);
	strv_done(&record->publish);
	strv_done(&record->argv);
	*record = (struct start_record){};
}
