/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ephemeral.h"

#include "base/cleanup.h"
#include "commands.h"
#include "open.h"
#include "output.h"
#include "progress.h"

#include <string.h>
#include <sys/stat.h>

#define STOP_TIMEOUT_S 60
#define GONE_WAIT_US 10000
#define GONE_TRIES 1000

/* ---- mounts ---- */

/* A blank in a path, as fstab(5) has it. */
static void add_path(struct text *text, const char *path)
{
	for (; *path; path++)
		if (*path == ' ' || *path == '\t')
			text_addf(text, "\\%03o", (unsigned int)*path);
		else
			text_add_len(text, path, 1);
}

static int add_bind(const char *value, struct strv *lines, struct rlxc_err *err)
{
	_cleanup_(strv_done) struct strv fields = {};
	struct text text = {};
	const char *mode = "rw", *target;
	struct stat st;
	char *line;

	if (strv_split_at(&fields, value, ':') < 0)
		return output_set(err, -ENOMEM, "out of memory");
	if (fields.n > 1 && (strcmp(fields.items[fields.n - 1], "ro") == 0 ||
	                     strcmp(fields.items[fields.n - 1], "rw") == 0))
		mode = fields.items[--fields.n];
	if (fields.n > 2 || fields.items[0][0] != '/')
		return output_set(err, -EINVAL,
		                  "'bind=%s' is not bind=/SOURCE[:/TARGET][:ro or rw]", value);
	target = fields.n == 2 ? fields.items[1] : fields.items[0];
	target += strspn(target, "/");
	add_path(&text, fields.items[0]);
	text_add(&text, " ");
	add_path(&text, target);
	text_addf(&text, " none bind,optional,%s,create=%s 0 0", mode,
	          stat(fields.items[0], &st) == 0 && !S_ISDIR(st.st_mode) ? "file" : "dir");
	if (text_finish(&text, &line) < 0 || strv_take(lines, line) < 0)
		return output_set(err, -ENOMEM, "out of memory");
	return 0;
}

int ephemeral_add_mounts(const char *list, struct strv *lines, struct rlxc_err *err)
{
	_cleanup_(strv_done) struct strv mounts = {};
	int r = strv_split_at(&mounts, list, ',') < 0 ? output_set(err, -ENOMEM, "out of memory")
	                                              : 0;

	for (size_t i = 0; r == 0 && i < mounts.n; i++) {
		if (str_starts_with(mounts.items[i], "bind="))
			r = add_bind(mounts.items[i] + strlen("bind="), lines, err);
		else
			r = output_set(err, -EOPNOTSUPP,
			               "'%s' is not a mount of the kind bind=", mounts.items[i]);
	}
	return r;
}

/* ---- copies ---- */

static int print_copy(const struct request *req, const struct rlxc_copy_options *copy,
                      const char *name, const char *path, const char *what)
{
	struct text text = {};

	if (req->json) {
		text_add(&text, "{\"name\":");
		text_add_json(&text, name);
		text_add(&text, ",\"source\":");
		text_add_json(&text, copy->name);
		text_add(&text, ",\"lxcpath\":");
		text_add_json(&text, copy->new_path ? copy->new_path : path);
		text_add(&text, "}\n");
	} else if (what && !req->quiet) {
		text_addf(&text, "Created %s as %s of %s\n", name, what, copy->name);
	}
	return output_answer(req, &text);
}

int copy_run(const struct request *req, const struct rlxc_copy_options *copy, const char *what,
             char **ret_name)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_copy_options options = *copy;
	struct progress progress;
	struct rlxc_err err = {};
	int r;

	progress_begin(&progress, req);
	options.progress = progress_report;
	options.progress_arg = &progress;
	r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_copy(rlxc, &options, ret_name, &err);
	progress_end(&progress);
	return r < 0 ? output_failed(req, &err)
	             : print_copy(req, copy, *ret_name, rlxc_path(rlxc), what);
}

/* ---- and what runs in them ---- */

/* The monitor removes it once it has stopped; whoever called us may use the name again. */
static void wait_gone(struct rlxc *rlxc, const char *name)
{
	for (int i = 0; i < GONE_TRIES; i++) {
		struct rlxc_info *info = NULL;

		if (rlxc_info(rlxc, name, 0, &info, NULL) == -ENOENT)
			return;
		rlxc_info_free(info);
		(void)usleep(GONE_WAIT_US);
	}
}

static int run_words(const struct request *req, struct rlxc *rlxc, const char *name)
{
	const struct rlxc_attach_options attach = { .uid = -1, .gid = -1, .argv = req->words };
	const struct rlxc_stop_options stop = { .timeout_s = STOP_TIMEOUT_S };
	struct rlxc_err err = {}, why = {};
	int code = output_exit_code(req, rlxc_attach(rlxc, name, &attach, &err), &err);

	/* The program may have stopped the container itself. */
	if (rlxc_stop(rlxc, name, &stop, &why) < 0 && why.code != -ESRCH && why.code != -ENOENT)
		return output_failed(req, &why);
	return code;
}

static int start_copy(const struct request *req, const struct rlxc_copy_options *copy,
                      const char *name, bool foreground)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	const struct rlxc_start_options start = { .name = name,
		                                  .foreground = foreground && !req->n_words };
	struct request here = *req;
	struct rlxc_err err = {};
	int r;

	if (copy->new_path)
		here.lxcpath = copy->new_path;
	r = open_store(&here, &rlxc, &err);
	if (r >= 0)
		r = rlxc_start(rlxc, &start, &err);
	if (r < 0 && rlxc && copy->ephemeral)
		(void)rlxc_destroy(rlxc, name, /* force= */ false, /* snapshots= */ false, NULL);
	if (r < 0)
		return output_failed(req, &err);
	if (req->n_words)
		r = run_words(req, rlxc, name);
	if (req->n_words && copy->ephemeral)
		wait_gone(rlxc, name);
	return r;
}

int ephemeral_run(const struct request *req, struct rlxc_copy_options *copy, bool foreground)
{
	_cleanup_free_ char *name = NULL;
	int code;

	copy->snapshot = true;
	copy->hook_argv = req->words;
	code = copy_run(req, copy, "clone", &name);
	return code == EXIT_SUCCESS ? start_copy(req, copy, name, foreground) : code;
}
