/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/storage.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "storage/volume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TAG_LEN (strlen(STORAGE_TAG) + 16)

/* In the order in which LXC looks at a path without a backend's name. */
static const struct storage_type *const types[] = {
	&storage_dir, &storage_zfs, &storage_lvm, &storage_btrfs, &storage_overlay, &storage_loop,
};

/* What `best` tries, in LXC's order. */
static const char *const best[] = { "btrfs", "zfs", "lvm", "dir" };

/* Backends of LXC that are left out. */
static const struct {
	const char *name, *why;
} refused[] = {
	{ "nbd",
	  "it needs qemu-nbd, a server that would have to outlive the container's commands" },
	{ "rbd", "it needs a Ceph cluster, which nobody has tested it with" },
};

static const struct storage_type *find_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i]->name, name) == 0 ||
		    (types[i]->alias && strcmp(types[i]->alias, name) == 0))
			return types[i];
	return NULL;
}

static int take_type(const char *name, const struct storage_type **ret_type, struct err *err)
{
	*ret_type = find_type(name);
	if (*ret_type)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (strcmp(refused[i].name, name) != 0)
			continue;
		err_say(err, -EOPNOTSUPP, "storage backend '%s' is not supported: %s", name,
		        refused[i].why);
		err_hint(err, "map or mount it with the system's own tools, and use 'dir:'");
		return -EOPNOTSUPP;
	}
	return err_say(err, -EINVAL, "there is no storage backend '%s'", name);
}

/* A path that is nobody's gets the message of a directory that is missing. */
static const struct storage_type *probe(const char *path)
{
	struct stat st;
	const struct stat *found = stat(path, &st) == 0 ? &st : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i]->probe && types[i]->probe(path, found))
			return types[i];
	return &storage_dir;
}

static int check_absolute(const struct storage *storage, struct err *err)
{
	if (storage->path[0] == '/')
		return 0;
	err_say(err, -EINVAL, "lxc.rootfs.path '%s' is not an absolute path", storage->path);
	err_hint(err, "lxc.rootfs.path needs an absolute path");
	return -EINVAL;
}

int storage_parse(const char *backend, const char *path, struct storage *ret_storage,
                  struct err *err)
{
	_cleanup_(storage_done) struct storage storage = {};
	int r = 0;

	if (backend)
		r = take_type(backend, &storage.type, err);
	else
		storage.type = probe(path);
	if (r < 0)
		return r;
	storage.path = strdup(path);
	if (!storage.path)
		return err_oom(err);
	r = storage.type->parse ? storage.type->parse(&storage, err)
	                        : check_absolute(&storage, err);
	if (r < 0)
		return r;
	*ret_storage = storage;
	storage = (struct storage){};
	return 0;
}

int storage_parse_value(const char *value, struct storage *ret_storage, struct err *err)
{
	const char *colon = strchr(value, ':');
	_cleanup_free_ char *backend = NULL;

	if (!colon || *value == '/')
		return storage_parse(NULL, value, ret_storage, err);
	backend = strndup(value, (size_t)(colon - value));
	return backend ? storage_parse(backend, colon + 1, ret_storage, err) : err_oom(err);
}

int storage_parse_note(const char *note, struct storage *ret_storage, struct err *err)
{
	bool has_tag = str_starts_with(note, STORAGE_TAG) && strlen(note) > TAG_LEN &&
	               note[TAG_LEN] == ' ';
	int r = storage_parse_value(has_tag ? note + TAG_LEN + 1 : note, ret_storage, err);

	if (r < 0 || !has_tag)
		return r;
	ret_storage->tag = strndup(note, TAG_LEN);
	if (ret_storage->tag)
		return 0;
	storage_done(ret_storage);
	return err_oom(err);
}

void storage_done(struct storage *storage)
{
	free(storage->path);
	free(storage->work);
	free(storage->tag);
	strv_done(&storage->lowers);
	*storage = (struct storage){};
}

int storage_format(const struct storage *storage, char **ret_value)
{
	struct text text = {};

	text_addf(&text, "%s:", storage->type->name);
	for (size_t i = 0; i < storage->lowers.n; i++)
		text_addf(&text, "%s:", storage->lowers.items[i]);
	text_add(&text, storage->path);
	return text_finish(&text, ret_value);
}

int storage_format_note(const struct storage *storage, char **ret_note)
{
	_cleanup_free_ char *value = NULL;
	int r = storage_format(storage, &value);

	if (r == 0 && asprintf(ret_note, "%s%s%s", storage->tag ? storage->tag : "",
	                       storage->tag ? " " : "", value) < 0)
		r = -ENOMEM;
	return r;
}

const char *storage_name(const struct storage *storage)
{
	return storage->type->name;
}

bool storage_is_volume(const struct storage *storage)
{
	return storage->type && storage->type->is_volume;
}

bool storage_has_tools(const struct storage *storage)
{
	return storage->type->destroy;
}

bool storage_needs_new(const struct storage *storage)
{
	return storage->type->needs_new;
}

static int check_caller(const struct storage_type *type, const struct caller *caller,
                        struct err *err)
{
	if (!type->root_only || (caller->is_root && !caller->in_userns))
		return 0;
	err_say(err, -EPERM, "only root of the host can have a root file system of type '%s': %s",
	        type->name, type->root_only);
	err_hint(err,
	         "'dir' and 'overlay' are for everybody, 'btrfs' where the file system is one");
	return -EPERM;
}

/* ---- use ---- */

/* What is mounted, and on what: an option of that name would win. */
static int check_option(const char *word, struct err *err)
{
	static const char *const taken[] = { "source",   "lowerdir", "lowerdir+",
		                             "upperdir", "datadir+", "workdir" };
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		if (strlen(taken[i]) != len || strncmp(word, taken[i], len) != 0)
			continue;
		err_say(err, -EINVAL, "lxc.rootfs.options: '%s' is not for options to say", word);
		err_hint(err,
		         "lxc.rootfs.path names the directories: overlay:LOWER[:LOWER...]:UPPER");
		return -EINVAL;
	}
	return 0;
}

int storage_check_user(const struct storage *storage, const struct storage_user *user,
                       struct err *err)
{
	int r = check_caller(storage->type, user->caller, err);

	for (size_t i = 0; r == 0 && user->options && i < user->options->n; i++)
		r = check_option(user->options->items[i], err);
	return r;
}

int storage_open(const struct storage *storage, const struct storage_user *user, int *ret_fd,
                 struct err *err)
{
	int r = check_caller(storage->type, user->caller, err);

	return r < 0 ? r : storage->type->open(storage, user, ret_fd, err);
}

int storage_take(const struct storage *storage, const struct storage_user *user, int host_fd,
                 struct storage_root *ret_root, struct err *err)
{
	struct storage_root root = STORAGE_ROOT_NONE;
	int r = storage->type->take(storage, user, host_fd, &root, err);

	if (r < 0)
		storage_root_done(&root);
	else
		*ret_root = root;
	return r;
}

int storage_mount(const struct storage *storage, const struct storage_user *user,
                  struct storage_root *root, struct err *err)
{
	return root->tree < 0 ? storage->type->mount(storage, user, root, err) : 0;
}

void storage_root_done(struct storage_root *root)
{
	cleanup_close(&root->tree);
	cleanup_close(&root->under);
	for (size_t i = 0; i < root->n_layers; i++)
		cleanup_close(&root->layers[i]);
	free(root->layers);
	root->layers = NULL;
	root->n_layers = 0;
}

/* ---- making and removing ---- */

void storage_made_done(struct storage_made *made)
{
	cleanup_close(&made->fd);
	cleanup_close(&made->mount);
	while (made->n_give)
		cleanup_close(&made->give[--made->n_give]);
}

/* Others may make a volume of the name that was free just now. */
static int draw_tag(struct storage *storage, struct err *err)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return err_set(err, -EIO, "cannot draw a tag for '%s'", storage->path);
	return asprintf(&storage->tag, STORAGE_TAG "%016llx", (unsigned long long)number) < 0
	               ? err_oom(err)
	               : 0;
}

static int choose(const struct storage_type *type, const struct storage_spec *spec,
                  const struct storage *source, struct storage *ret_storage, struct err *err)
{
	_cleanup_(storage_done) struct storage storage = { .type = type };
	int r = type->choose(spec, source, &storage, err);

	if (r == 0 && type->is_volume)
		r = draw_tag(&storage, err);
	if (r < 0)
		return r;
	*ret_storage = storage;
	storage = (struct storage){};
	return 0;
}

static int choose_best(const struct storage_spec *spec, const struct caller *caller,
                       struct storage *ret_storage, struct err *err)
{
	int r = -EOPNOTSUPP;

	for (size_t i = 0; r < 0 && i < ARRAY_SIZE(best); i++) {
		const struct storage_type *type = find_type(best[i]);
		struct err why = {};

		r = check_caller(type, caller, &why);
		if (r == 0)
			r = choose(type, spec, NULL, ret_storage, &why);
		if (r < 0 && err)
			*err = why;
	}
	return r;
}

int storage_choose(const struct storage_spec *spec, const struct caller *caller,
                   struct storage *ret_storage, struct err *err)
{
	const struct storage_type *type;
	int r;

	if (spec->backend && strcmp(spec->backend, "best") == 0)
		return choose_best(spec, caller, ret_storage, err);
	r = take_type(spec->backend ? spec->backend : "dir", &type, err);
	if (r == 0)
		r = check_caller(type, caller, err);
	return r < 0 ? r : choose(type, spec, NULL, ret_storage, err);
}

int storage_choose_snapshot(const struct storage *source, const struct storage_spec *spec,
                            struct storage *ret_storage, struct err *err)
{
	const char *clone = source->type->clone;

	if (!clone) {
		err_say(err, -EOPNOTSUPP, "a root file system of type '%s' has no snapshots",
		        source->type->name);
		err_hint(err, "make a full copy, without -s or -e");
		return -EOPNOTSUPP;
	}
	return choose(find_type(clone), spec, source, ret_storage, err);
}

/* Nothing is left open when it fails. */
static int finish_made(int r, struct storage_made *made, struct storage_made *ret_made)
{
	if (r < 0)
		storage_made_done(made);
	else
		*ret_made = *made;
	return r;
}

int storage_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                   const char *name, struct storage_made *ret_made, struct err *err)
{
	struct storage_made made = STORAGE_MADE_NONE;

	return finish_made(storage->type->create(storage, spec, dir_fd, name, &made, err), &made,
	                   ret_made);
}

int storage_snapshot(const struct storage *source, const struct storage *clone, int source_fd,
                     int dir_fd, const char *name, struct storage_made *ret_made, struct err *err)
{
	struct storage_made made = STORAGE_MADE_NONE;
	int r = clone->type->snapshot(source, clone, source_fd, dir_fd, name, err);

	if (r < 0 || !ret_made || !clone->type->is_volume)
		return r;
	return finish_made(volume_open_new(clone, dir_fd, name, &made, err), &made, ret_made);
}

int storage_prepare(const struct storage *storage, struct storage_made *ret_made, struct err *err)
{
	struct storage_made made = STORAGE_MADE_NONE;

	return finish_made(storage->type->prepare ? storage->type->prepare(storage, &made, err) : 0,
	                   &made, ret_made);
}

int storage_destroy(const struct storage *storage, struct err *err)
{
	return storage->type->destroy ? storage->type->destroy(storage, err) : 0;
}
