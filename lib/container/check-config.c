/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-config.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "conf/manual.h"
#include "conf/read.h"
#include "container/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- explain ---- */

int container_explain(const char *key, struct rlxc_key **ret_keys, size_t *ret_n, struct err *err)
{
	_cleanup_free_ char *wanted = strdup(key ? key : "lxc");
	struct rlxc_key *keys;
	size_t n = 0;
	int r;

	r = wanted ? conf_manual_check(&wanted, err) : err_oom(err);
	if (r < 0)
		return r;
	while (*conf_manual[n].name)
		n++;
	keys = calloc(n, sizeof(*keys));
	if (!keys)
		return err_oom(err);
	n = 0;
	for (const struct conf_manual *entry = conf_manual; *entry->name; entry++)
		if (conf_manual_is_below(entry, wanted))
			keys[n++] = (struct rlxc_key){ entry->name, entry->kind,
				                       conf_manual_text(entry) };
	*ret_keys = keys;
	*ret_n = n;
	return 0;
}

/* ---- check ---- */

struct checker {
	const char *path;
	void (*see)(void *arg, const struct rlxc_line *line);
	void *arg;
};

/* Up to the end of the first sentence. */
static size_t sentence_len(const char *text)
{
	size_t len = strcspn(text, "\n");
	const char *end = strstr(text, ". ");

	return end && (size_t)(end - text) < len ? (size_t)(end - text) + 1 : len;
}

static void see_line(void *arg, const struct conf_seen *seen)
{
	const struct checker *checker = arg;
	const struct conf_manual *entry = seen->key ? conf_manual_find(seen->key) : NULL;
	const char *meaning = entry ? conf_manual_text(entry) : NULL;
	const struct rlxc_line line = {
		.file = seen->file,
		.line = seen->line,
		.column = seen->column,
		.key = seen->key,
		.value = seen->value,
		.meaning = meaning,
		.meaning_len = meaning ? sentence_len(meaning) : 0,
		.note = seen->note,
		.err = seen->err->code ? (const struct rlxc_err *)(const void *)seen->err : NULL,
	};

	checker->see(checker->arg, &line);
}

static void see_host(const struct checker *checker, const char *note, const struct err *err)
{
	const struct rlxc_line line = { .file = checker->path,
		                        .note = note,
		                        .err = (const struct rlxc_err *)(const void *)err };

	checker->see(checker->arg, &line);
}

/* The name of the container whose file this is, if it is one's. */
static char *container_name(const char *path)
{
	const char *file = strrchr(path, '/'), *name = file;
	char *copy;

	while (name && name > path && name[-1] != '/')
		name--;
	copy = name ? strndup(name, (size_t)(file - name)) : strdup("");
	if (copy && store_check_name(copy, NULL) < 0) {
		free(copy);
		copy = strdup("check");
	}
	return copy;
}

/* 1: it does not start here. What names neither a root file system nor a program is meant to be
 * included, or to begin new configurations with. */
static int check_host(const struct store *store, const struct checker *checker,
                      const struct conf *conf, struct err *err)
{
	static const char *const rootfs[] = { "lxc.rootfs.path = dir:/" };
	bool is_part = !conf->rootfs_path && !conf->init_cmd && !conf->execute_cmd;
	_cleanup_free_ char *name = container_name(checker->path);
	const struct rlxc_start_options options = { .name = name,
		                                    .rcfile = checker->path,
		                                    .execute = conf->execute_cmd && !conf->init_cmd,
		                                    .defines = rootfs,
		                                    .n_defines = is_part };
	_cleanup_(strv_done) struct strv warnings = {};
	struct err why = {};

	if (!name)
		return err_oom(err);
	if (container_start_check(store, &options, &warnings, &why) < 0) {
		see_host(checker, "", &why);
		return 1;
	}
	for (size_t i = 0; i < warnings.n; i++)
		see_host(checker, warnings.items[i], NULL);
	return 0;
}

int container_check_config(const struct store *store, const char *path,
                           void (*see)(void *arg, const struct rlxc_line *line), void *arg,
                           unsigned int *ret_wrong, struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = conf_new();
	struct checker checker = { path, see, arg };
	unsigned int n_wrong;
	int r;

	if (!conf)
		return err_oom(err);
	r = conf_read_seen(conf, path, see_line, &checker, &n_wrong, err);
	if (r == 0 && n_wrong == 0) {
		r = check_host(store, &checker, conf, err);
		n_wrong = r > 0;
	}
	if (r < 0)
		return r;
	*ret_wrong = n_wrong;
	return 0;
}
