/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/template.h"

#include "base/cleanup.h"
#include "base/strv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* A program is called as LXC calls it: --path, --name and --rootfs as single words, the user's
 * words, and with id maps --mapped-uid and --mapped-gid with the ids that the caller has inside. */

static int prepare(struct template_run *run, struct err *err)
{
	(void)run; /* its words are its own */
	(void)err;
	return 0;
}

static int build_argv(const struct template_run *run, struct strv *argv)
{
	int r;

	r = strv_add(argv, run->data);
	if (r == 0)
		r = strv_addf(argv, "--path=%s", run->container_path);
	if (r == 0)
		r = strv_addf(argv, "--name=%s", run->name);
	if (r == 0)
		r = strv_addf(argv, "--rootfs=%s", run->rootfs_path);
	for (char *const *word = run->words; r == 0 && word && *word; word++)
		r = strv_add(argv, *word);
	if (r < 0 || !run->mapped)
		return r;
	r = strv_add(argv, "--mapped-uid");
	if (r == 0)
		r = strv_addf(argv, "%u", run->uid);
	if (r == 0)
		r = strv_add(argv, "--mapped-gid");
	if (r == 0)
		r = strv_addf(argv, "%u", run->gid);
	return r;
}

static int fill(struct template_run *run, struct err *err)
{
	_cleanup_(strv_done) struct strv argv = {};

	if (build_argv(run, &argv) < 0)
		return err_oom(err);
	(void)execv(argv.items[0], argv.items);
	if (errno != ENOENT || access(argv.items[0], F_OK) < 0)
		return err_set(err, -errno, "cannot run template '%s'", argv.items[0]);
	err_say(err, -ENOENT, "cannot run template '%s': its interpreter is missing",
	        argv.items[0]);
	err_hint(err, "its first line names it: correct that, or install it");
	return -ENOENT;
}

static void done(struct template_run *run)
{
	free(run->data);
	run->data = NULL;
}

const struct template template_external = {
	.name = "external",
	.purpose = "a program in the template directory",
	.prepare = prepare,
	.fill = fill,
	.done = done,
};
