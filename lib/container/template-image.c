/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree that is there already, published by the administrator or the caller's own, read-only below
 * an overlay: nothing is copied. lxc-useridmap(5) says whose it may be, at the start. */
#include "container/template.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define POLICY RLXC_SYSCONFDIR "/lxc/lxc-useridmap"
#define POLICY_MAX ((size_t)1 << 20)

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What a line of the policy publishes under that name; NULL: nothing, or no memory. */
static char *match_line(char *line, const char *name)
{
	const char *words[3] = {};
	char *path, *word;
	size_t n = 0;

	while (n < ARRAY_SIZE(words) && (word = strsep(&line, " \t")))
		if (*word)
			words[n++] = word;
	if (n < ARRAY_SIZE(words) || words[0][0] == '#' || strcmp(words[1], "image") != 0)
		return NULL;
	if (!str_ends_with(words[2], "/*"))
		return strcmp(path_last(words[2]), name) == 0 ? strdup(words[2]) : NULL;
	if (asprintf(&path, "%.*s%s", (int)strlen(words[2]) - 1, words[2], name) < 0)
		return NULL;
	return path;
}

static int find_published(const char *name, char **ret_path, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	int r = fd_read_file(AT_FDCWD, POLICY, POLICY_MAX, &text, NULL);

	for (rest = text; r >= 0 && (line = strsep(&rest, "\n"));) {
		_cleanup_free_ char *path = match_line(line, name);

		if (path && is_dir(path)) {
			*ret_path = take_ptr(path);
			return 0;
		}
	}
	err_say(err, -ENOENT, "no tree '%s' is published in " POLICY, name);
	err_hint(err, "a directory is named by its path, such as './%s'", name);
	return -ENOENT;
}

static int find_path(const char *word, char **ret_path, struct err *err)
{
	_cleanup_free_ char *path = realpath(word, NULL);

	if (!path)
		return err_set(err, -errno, "cannot use the tree '%s'", word);
	if (!is_dir(path))
		return err_say(err, -ENOTDIR, "the tree '%s' is not a directory", word);
	if (strstr(path, ":/") || strpbrk(path, "\n\r"))
		return err_say(err, -EINVAL,
		               "the path of the tree '%s' cannot be written in lxc.rootfs.path",
		               path);
	*ret_path = take_ptr(path);
	return 0;
}

static int image_prepare(struct template_run *run, struct err *err)
{
	char *const *words = run->words;
	char *path = NULL;
	int r;

	if (!words || !words[0] || words[1] || words[0][0] == '-' || !words[0][0]) {
		err_say(err, -EINVAL, "template 'image' takes the path or the name of one tree");
		err_hint(err, "lxc-create -t image -n NAME -- /srv/images/debian-12");
		return -EINVAL;
	}
	r = strchr(words[0], '/') ? find_path(words[0], &path, err)
	                          : find_published(words[0], &path, err);
	run->data = path;
	return r;
}

static int image_configure(const struct template_run *run, const char *config, char **ret_config,
                           struct err *err)
{
	if (run->rootfs_path)
		return err_say(err, -EINVAL,
		               "template 'image' goes without -B and --dir: it is an overlay");
	if (asprintf(ret_config, "%slxc.rootfs.path = overlay:%s:%s/overlay/delta\n%s", config,
	             (const char *)run->data, run->container_path,
	             run->mapped ? "lxc.rootfs.options = idmap=container\n" : "") < 0) {
		*ret_config = NULL;
		return err_oom(err);
	}
	return 0;
}

static void image_done(struct template_run *run)
{
	free(run->data);
	run->data = NULL;
}

const struct template template_image = {
	.name = "image",
	.purpose = "a tree that is there already, below an overlay: nothing is copied",
	.help = "PATH   a directory: published in lxc-useridmap(5), or your own\n"
		"NAME   the last part of the path of one that is published\n",
	.prepare = image_prepare,
	.configure = image_configure,
	.done = image_done,
};
