/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ephemeral.h"

#include "base/cleanup.h"
#include "commands.h"
#include "open.h"
#include "output.h"
#include "progress.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_TIMEOUT_S 60
#define GONE_WAIT_US 10000
#define GONE_TRIES 1000
#define ADDRESS_WAIT_US 100000
#define ADDRESS_TRIES 300

/* ---- mounts ---- */

static const char *type_of_source(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode) ? "file" : "dir";
}

static void add_bind(struct text *line, const char *source, const char *word)
{
	text_addf(line, " none bind,%s,create=%s", word ? word : "rw", type_of_source(source));
}

/* What takes the changes is the copy's to choose. */
static void add_overlay(struct text *line, const char *source, const char *word)
{
	text_add(line, " overlay create=dir,lowerdir=\"");
	text_add_fstab(line, source);
	text_addf(line, "\"%s%s", word ? "," : "", word ? word : "");
}

static const struct mount_kind {
	const char *prefix, *form, *words[4];
	void (*add)(struct text *line, const char *source, const char *word);
} mount_kinds[] = {
	{ "bind=", "bind=/SOURCE[:/TARGET][:ro, rw or idmap]", { "ro", "rw", "idmap" }, add_bind },
	{ "overlay=", "overlay=/SOURCE[:/TARGET][:idmap]", { "idmap" }, add_overlay },
};

/* The last field, when it is none of the paths. */
static const char *take_word(const struct mount_kind *kind, struct strv *fields)
{
	for (const char *const *word = kind->words; fields->n > 1 && *word; word++)
		if (strcmp(fields->items[fields->n - 1], *word) == 0) {
			strv_remove(fields, fields->n - 1);
			return strcmp(*word, "idmap") == 0 ? "idmap=container" : *word;
		}
	return NULL;
}

static int add_mount(const struct mount_kind *kind, const char *value, struct strv *lines,
                     struct rlxc_err *err)
{
	_cleanup_(strv_done) struct strv fields = {};
	struct text text = {};
	const char *word, *target;
	char *line;

	if (strv_split_at(&fields, value + strlen(kind->prefix), ':') < 0)
		return output_set(err, -ENOMEM, "out of memory");
	word = take_word(kind, &fields);
	if (!fields.n || fields.n > 2 || fields.items[0][0] != '/')
		return output_set(err, -EINVAL, "'%s' is not %s", value, kind->form);
	target = fields.items[fields.n - 1];
	text_add_fstab(&text, fields.items[0]);
	text_add(&text, " ");
	text_add_fstab(&text, target + strspn(target, "/"));
	kind->add(&text, fields.items[0], word);
	if (text_finish(&text, &line) < 0 || strv_take(lines, line) < 0)
		return output_set(err, -ENOMEM, "out of memory");
	return 0;
}

int ephemeral_add_mount(const char *value, struct strv *lines, struct rlxc_err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(mount_kinds); i++)
		if (str_starts_with(value, mount_kinds[i].prefix))
			return add_mount(&mount_kinds[i], value, lines, err);
	if (str_starts_with(value, "aufs="))
		return output_set(err, -EOPNOTSUPP, "'%s': Linux has no aufs; write overlay=%s",
		                  value, value + strlen("aufs="));
	return output_set(err, -EINVAL,
	                  "'%s' is not a mount of the kinds bind= and overlay=", value);
}

int ephemeral_add_mounts(const char *list, struct strv *lines, struct rlxc_err *err)
{
	_cleanup_(strv_done) struct strv mounts = {};
	int r = strv_split_at(&mounts, list, ',') < 0 ? output_set(err, -ENOMEM, "out of memory")
	                                              : 0;

	for (size_t i = 0; r == 0 && i < mounts.n; i++)
		r = ephemeral_add_mount(mounts.items[i], lines, err);
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
		if (copy->tmpfs)
			text_add(&text,
			         "Container is placed on tmpfs.\n"
			         "What it writes is gone after a reboot of the container.\n");
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

static int add_words(char *const *words, struct strv *argv)
{
	int r = 0;

	for (; r == 0 && *words; words++)
		r = strv_add(argv, *words);
	return r;
}

/* In the user's home directory, if there is one. */
static int add_su(const char *user, struct strv *argv)
{
	char *const words[] = {
		"su", "-s",         "/bin/sh", "-c", "cd 2>/dev/null; exec \"$0\" \"$@\"",
		"--", (char *)user, NULL
	};

	return add_words(words, argv);
}

/* The key of the host is a new one each time. */
static int add_ssh(const struct ephemeral *how, const char *address, struct strv *argv)
{
	const char *user = how->user ? how->user : "root";
	char *const words[] = { "ssh",
		                "-o",
		                "StrictHostKeyChecking=no",
		                "-o",
		                "UserKnownHostsFile=/dev/null",
		                "-i",
		                (char *)how->ssh_key,
		                "-l",
		                (char *)user,
		                "--",
		                (char *)address,
		                NULL };

	return add_words(words, argv);
}

static int attach_words(const struct request *req, struct rlxc *rlxc, const char *name,
                        const struct ephemeral *how, struct rlxc_err *err)
{
	_cleanup_(strv_done) struct strv argv = {};
	struct rlxc_attach_options attach = { .uid = -1, .gid = -1 };

	if ((how->user && add_su(how->user, &argv) < 0) || add_words(req->words, &argv) < 0)
		return output_set(err, -ENOMEM, "out of memory");
	attach.argv = argv.items;
	return rlxc_attach(rlxc, name, &attach, err);
}

/* The first address that is not the container's alone; owned. -ETIMEDOUT. */
static int wait_address(struct rlxc *rlxc, const char *name, char **ret_address,
                        struct rlxc_err *err)
{
	for (int i = 0; i < ADDRESS_TRIES; i++) {
		struct rlxc_info *info = NULL;
		int r = rlxc_info(rlxc, name, RLXC_WANT_STATE | RLXC_WANT_ADDRS, &info, err);

		if (r < 0)
			return r;
		for (size_t k = 0; !*ret_address && k < info->n_addrs; k++)
			if (info->addrs[k].shown)
				*ret_address = strdup(info->addrs[k].text);
		rlxc_info_free(info);
		if (*ret_address)
			return 0;
		(void)usleep(ADDRESS_WAIT_US);
	}
	return output_set(err, -ETIMEDOUT, "container '%s' has no address to reach it by ssh",
	                  name);
}

static int ssh_words(const struct request *req, struct rlxc *rlxc, const char *name,
                     const struct ephemeral *how, struct rlxc_err *err)
{
	_cleanup_free_ char *address = NULL;
	_cleanup_(strv_done) struct strv argv = {};
	int r = wait_address(rlxc, name, &address, err), status;
	pid_t pid;

	if (r < 0)
		return r;
	if (add_ssh(how, address, &argv) < 0 || add_words(req->words, &argv) < 0)
		return output_set(err, -ENOMEM, "out of memory");
	r = posix_spawnp(&pid, "ssh", NULL, NULL, argv.items, environ);
	if (r != 0)
		return output_set(err, -r, "cannot run ssh: %s", strerror(r));
	if (waitpid(pid, &status, 0) < 0)
		return output_set(err, -errno, "cannot wait for ssh: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_words(const struct request *req, struct rlxc *rlxc, const char *name,
                     const struct ephemeral *how)
{
	const struct rlxc_stop_options stop = { .timeout_s = STOP_TIMEOUT_S };
	struct rlxc_err err = {}, why = {};
	int r = how->ssh_key ? ssh_words(req, rlxc, name, how, &err)
	                     : attach_words(req, rlxc, name, how, &err);
	int code = output_exit_code(req, r, &err);

	/* The program may have stopped the container itself. */
	if (rlxc_stop(rlxc, name, &stop, &why) < 0 && why.code != -ESRCH && why.code != -ENOENT)
		return output_failed(req, &why);
	return code;
}

static int start_copy(const struct request *req, const struct rlxc_copy_options *copy,
                      const char *name, const struct ephemeral *how)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	const struct rlxc_start_options start = { .name = name,
		                                  .foreground = how->foreground && !req->n_words };
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
		r = run_words(req, rlxc, name, how);
	if (req->n_words && copy->ephemeral)
		wait_gone(rlxc, name);
	return r;
}

int ephemeral_run(const struct request *req, struct rlxc_copy_options *copy,
                  const struct ephemeral *how)
{
	_cleanup_free_ char *name = NULL;
	int code;

	copy->snapshot = true;
	copy->hook_argv = req->words;
	code = copy_run(req, copy, "clone", &name);
	return code == EXIT_SUCCESS ? start_copy(req, copy, name, how) : code;
}
