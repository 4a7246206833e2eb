/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"
#include "progress.h"

#include "base/cleanup.h"

#include <string.h>

struct snapshot_args {
	const char *comment, *restore, *new_name, *destroy;
	bool list, show_comments;
};

#define FIELD(member) offsetof(struct snapshot_args, member)

const struct option_row cmd_snapshot_options[] = {
	OPTION("list", 'L', "", option_true, FIELD(list), "", "list the snapshots"),
	OPTION("showcomments", 'C', "", option_true, FIELD(show_comments), "",
	       "with --list: their comments as well"),
	OPTION("restore", 'r', "SNAPSHOT", option_text, FIELD(restore), "@snapshots",
	       "give the container the state of a snapshot, or make\n"
	       "a new container from it"),
	OPTION("newname", 'N', "NAME", option_text, FIELD(new_name), "",
	       "with --restore: name of the new container"),
	OPTION("destroy", 'd', "SNAPSHOT", option_text, FIELD(destroy), "@snapshots",
	       "delete a snapshot, \"ALL\" for all"),
	OPTION("comment", 'c', "FILE", option_text, FIELD(comment), "@files",
	       "keep the text of FILE with the new snapshot"),
	{},
};

static void add_json(struct text *text, const struct rlxc_snapshot *snapshot)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "name", snapshot->name },
		{ "path", snapshot->path },
		{ "time", snapshot->time },
		{ "comment", snapshot->comment },
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		text_addf(text, "%s\"%s\":", i ? "," : "{", members[i].name);
		if (members[i].value)
			text_add_json(text, members[i].value);
		else
			text_add(text, "null");
	}
	text_add(text, "}");
}

static void add_line(struct text *text, const struct rlxc_snapshot *snapshot, bool comment)
{
	text_addf(text, "%s (%s) ", snapshot->name, snapshot->path);
	text_add_printable(text, snapshot->time ? snapshot->time : "-");
	text_add(text, "\n");
	if (comment && snapshot->comment)
		text_add(text, snapshot->comment);
}

static void add_list(const struct request *req, const struct snapshot_args *args,
                     const struct rlxc_snapshot *list, size_t n, struct text *text)
{
	if (req->json)
		text_add(text, "[");
	else if (!n)
		text_add(text, "No snapshots\n");
	for (size_t i = 0; i < n; i++) {
		if (req->json && i)
			text_add(text, ",");
		if (req->json)
			add_json(text, &list[i]);
		else
			add_line(text, &list[i], args->show_comments);
	}
	if (req->json)
		text_add(text, "]\n");
}

static int run_list(const struct request *req, struct rlxc *rlxc, const struct snapshot_args *args)
{
	struct rlxc_snapshot *list;
	struct rlxc_err err = {};
	struct text text = {};
	size_t n;

	if (rlxc_snapshot_list(rlxc, req->name, &list, &n, &err) < 0)
		return output_failed(req, &err);
	add_list(req, args, list, n, &text);
	rlxc_snapshot_list_free(list, n);
	return output_answer(req, &text);
}

static int act(const struct request *req, struct rlxc *rlxc, const struct snapshot_args *args,
               struct rlxc_err *err)
{
	_cleanup_free_ char *name = NULL;
	struct progress progress;
	const struct rlxc_copy_options more = { .progress = progress_report,
		                                .progress_arg = &progress };
	int r;

	progress_begin(&progress, req);
	if (args->destroy)
		r = rlxc_snapshot_destroy(rlxc, req->name,
		                          strcmp(args->destroy, "ALL") == 0 ? NULL : args->destroy,
		                          err);
	else if (args->restore)
		r = rlxc_snapshot_restore(rlxc, req->name, args->restore, args->new_name, &more,
		                          err);
	else
		r = rlxc_snapshot_create(rlxc, req->name, args->comment, &more, &name, err);
	progress_end(&progress);
	return r;
}

int cmd_snapshot(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct snapshot_args args = {};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (args.list + !!args.restore + !!args.destroy > 1)
		return output_usage(req, "--list, --restore and --destroy exclude each other");
	if (args.restore && !args.new_name && req->n_words)
		args.new_name = req->words[0];
	r = open_store(req, &rlxc, &err);
	if (r < 0)
		return output_failed(req, &err);
	if (args.list)
		return run_list(req, rlxc, &args);
	return act(req, rlxc, &args, &err) < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}
