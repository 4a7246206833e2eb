/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Overlays of lxc.mount.entry, "SOURCE TARGET overlay lowerdir=...,upperdir=...,workdir=...". Their
 * layers are directories of the host, and reached like all that comes from there: opened while the
 * caller's ways to them are open. The overlay itself is made by the container's root. */
#include "base/cleanup.h"
#include "mount/mount-internal.h"
#include "os/mountfd.h"
#include "os/overlay.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the plan ---- */

static int add_layer(struct mount_builder *b, const struct mount_entry *entry, const char *path,
                     const char *key)
{
	bool is_lower = strcmp(key, "lowerdir") == 0;
	struct mount_op *op = mount_plan_add(b, MOUNT_LAYER, path, key);

	if (!op)
		return -ENOMEM;
	op->optional = entry->optional;
	op->idmap = is_lower && entry->idmap ? strdup(entry->idmap) : NULL;
	return !is_lower || !entry->idmap || op->idmap ? 0 : -ENOMEM;
}

/* A path, or for the lower directories several. -EINVAL: not only absolute ones. */
static int add_layers(struct mount_builder *b, const struct mount_entry *entry, const char *key,
                      const char *value)
{
	_cleanup_(strv_done) struct strv paths = {};
	int r = strcmp(key, "lowerdir") == 0 ? strv_split_at(&paths, value, ':')
	                                     : strv_add(&paths, value);

	for (size_t i = 0; r == 0 && i < paths.n; i++)
		if (paths.items[i][0] != '/')
			return -EINVAL;
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = add_layer(b, entry, paths.items[i], key);
	return r;
}

/* What is not a path of the host is left to the kernel. */
static int take_layers(struct mount_builder *b, struct mount_entry *entry, const char *key)
{
	for (size_t i = entry->data.n; i-- > 0;) {
		const char *word = entry->data.items[i];
		int r;

		if (!str_starts_with(word, key) || word[strlen(key)] != '=')
			continue;
		r = add_layers(b, entry, key, word + strlen(key) + 1);
		if (r == 0)
			strv_remove(&entry->data, i);
		else if (r != -EINVAL)
			return r;
	}
	return 0;
}

int mount_plan_layers(struct mount_builder *b, struct mount_entry *entry, size_t *ret_n)
{
	static const char *const others[] = { "upperdir", "workdir" };
	size_t first = b->plan->n;
	int r = strcmp(entry->type, "overlay") == 0 ? take_layers(b, entry, "lowerdir") : 0;

	for (size_t i = 0; r == 0 && b->plan->n > first && i < ARRAY_SIZE(others); i++)
		r = take_layers(b, entry, others[i]);
	*ret_n = b->plan->n - first;
	if (r == 0 && *ret_n == 0 && strv_has(&entry->data, OVERLAY_WORD_TMPFS))
		return err_say(b->err, -EINVAL,
		               "'" OVERLAY_WORD_TMPFS "' needs 'lowerdir=' with absolute paths");
	/* What else would keep its notes belongs to root of the host. */
	if (r == 0 && *ret_n && b->facts->new_userns && !strv_has(&entry->data, "userxattr"))
		r = strv_add(&entry->data, "userxattr");
	return r < 0 ? err_oom(b->err) : 0;
}

/* ---- the mount ---- */

/* Not all kernels read a detached tree: below the overlay it is out of the way. */
static int put_lower(const struct mount_op *op, int fd, int target_fd)
{
	return op->idmap ? mountfd_attach(fd, target_fd) : 0;
}

/* The lower ones come first, see mount_plan_layers. -ENOENT: one is missing, which is optional. */
static int find_layers(const struct mount_plan *plan, size_t i, const struct mount_sources *sources,
                       int target_fd, struct overlay_layers *layers)
{
	size_t first = i - plan->ops[i].n_layers;
	int r = 0;

	*layers = (struct overlay_layers){ .lowers = sources->fds + first,
		                           .upper = -EBADF,
		                           .work = -EBADF };
	for (; first < i && r == 0; first++) {
		int fd = sources->fds[first];

		if (fd < 0)
			return -ENOENT;
		if (strcmp(plan->ops[first].target, "upperdir") == 0)
			layers->upper = fd;
		else if (strcmp(plan->ops[first].target, "workdir") == 0)
			layers->work = fd;
		else
			r = put_lower(&plan->ops[first], fd, target_fd);
		layers->n_lowers += layers->upper < 0 && layers->work < 0;
	}
	return r;
}

static int list_options(const struct mount_op *op, const struct overlay_layers *layers,
                        struct strv *words)
{
	int r = overlay_add_layers(layers, words);

	for (char *const *option = op->options; r == 0 && option && option[0]; option += 2)
		r = option[1] ? strv_addf(words, "%s=%s", option[0], option[1])
		              : strv_add(words, option[0]);
	return r;
}

static int use_tmpfs(struct overlay_layers *layers, int target_fd)
{
	struct stat st;

	return fstat(layers->lowers[0], &st) < 0 ? -errno
	                                         : overlay_new_tmpfs(target_fd, st.st_mode & 07777,
	                                                             &layers->upper, &layers->work);
}

static int explain(const struct mount_op *op, int code, const char *why, struct err *err)
{
	err_set(err, code, "cannot make an overlay for '/%s' of the container%s%s", op->target,
	        *why ? ": " : "", why);
	if (code == -EINVAL && !*why)
		err_hint(err, "upperdir and workdir need to be on one file system that overlays "
		              "can write to, and apart");
	else if (code == -EACCES || code == -EOVERFLOW)
		err_hint(err, "the container's root needs to search the lower directories and to "
		              "own upperdir and workdir; idmap=container is for files of yours");
	return code;
}

int mount_overlay_make(const struct mount_plan *plan, size_t i, const struct mount_sources *sources,
                       int target_fd, struct err *err)
{
	const struct mount_op *op = &plan->ops[i];
	_cleanup_(strv_done) struct strv words = {};
	_cleanup_close_ int upper = -EBADF, work = -EBADF;
	struct overlay_layers layers;
	char why[256] = "";
	int r = find_layers(plan, i, sources, target_fd, &layers);

	if (r == -ENOENT)
		return err_say(err, r, "the overlay for '/%s' lacks a layer", op->target);
	if (r == 0 && op->upper_tmpfs) {
		r = use_tmpfs(&layers, target_fd);
		upper = r < 0 ? -EBADF : layers.upper;
		work = r < 0 ? -EBADF : layers.work;
	}
	if (r == 0 && list_options(op, &layers, &words) < 0)
		return err_oom(err);
	if (r == 0)
		r = mountfd_new_words(op->source, &words, op->attr_set, why, sizeof(why));
	return r < 0 ? explain(op, r, why, err) : r;
}
