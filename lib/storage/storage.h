/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_STORAGE_STORAGE_H
#define RLXC_STORAGE_STORAGE_H

#include "base/err.h"
#include "base/strv.h"
#include "host/caller.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a container's root file system is kept: a row in types.c and a file type-<name>.c for each
 * kind. Nothing here runs as somebody else or maps ids: lib/container calls each step in the
 * process that has the rights for it, as said below.
 *
 * Two families. A *tree* (dir, btrfs, overlay) is directories of the host, which an ordinary user
 * can have; it is removed by storage/tree.h. A *volume* (loop, lvm, zfs) is a file system of its
 * own, mounted when it is used; only root can have one. Outside containers a volume is never
 * mounted anywhere: we hold it as a detached mount, which ends with the last descriptor. */

struct storage_type;

/* What the image of a loop volume is called in the container's directory, or begins with. */
#define STORAGE_IMAGE "rootdev"

/* One root file system, as lxc.rootfs.path names it. A zeroed struct is none. */
struct storage {
	const struct storage_type *type;
	char *path;         /* what is behind the backend's name; overlay: the upper directory */
	struct strv lowers; /* overlay: the uppermost first */
	char *work;         /* overlay: `work`, beside the upper directory */
	char *tag;         /* of a new volume: what its tools know it by beside its name, or NULL */
	bool needs_source; /* chosen as a clone: what it was made from must stay */
};

/* @backend, @path: conf.rootfs_backend and conf.rootfs_path. Without a backend the path is looked
 * at, in LXC's order; else this is pure. -EOPNOTSUPP: a backend of LXC that is left out here, with
 * the reason. */
int storage_parse(const char *backend, const char *path, struct storage *ret_storage,
                  struct err *err);
/* The same for both in one, as storage_format writes it. */
int storage_parse_value(const char *value, struct storage *ret_storage, struct err *err);
void storage_done(struct storage *storage);
/* The value of lxc.rootfs.path, owned: "dir:/path", "overlay:/lower:/upper". */
int storage_format(const struct storage *storage, char **ret_value);
/* The same with the tag, for a note of what is to be made; storage_destroy leaves a volume alone
 * that has the name, but not the tag. */
int storage_format_note(const struct storage *storage, char **ret_note);
int storage_parse_note(const char *note, struct storage *ret_storage, struct err *err);
/* Is it removed by its own tools, and not with the container's directory? */
bool storage_has_tools(const struct storage *storage);
const char *storage_name(const struct storage *storage);
bool storage_is_volume(const struct storage *storage);
/* Can storage_create not use a directory that is there already, when it is empty? */
bool storage_needs_new(const struct storage *storage);

/* Who uses it. */
struct storage_user {
	const struct caller *caller;
	bool in_userns;             /* the container's root has ids of a user namespace */
	const struct strv *options; /* what lxc.rootfs.options has for the file system, or NULL */
};

/* Nothing is opened: may @user have that type, and do the options say what only lxc.rootfs.path
 * may? */
int storage_check_user(const struct storage *storage, const struct storage_user *user,
                       struct err *err);

/* ---- a start (or whoever else needs the files), in this order ---- */

/* On the host, as the caller: a directory (O_PATH), or the mounted volume. */
int storage_open(const struct storage *storage, const struct storage_user *user, int *ret_fd,
                 struct err *err);

struct storage_root {
	int tree;    /* detached mount of the whole, -EBADF until it is there */
	int under;   /* O_PATH directory of this mount namespace to attach it on */
	int *layers; /* overlay: the work directory, then the lowers */
	size_t n_layers;
};
#define STORAGE_ROOT_NONE ((struct storage_root){ .tree = -EBADF, .under = -EBADF })
void storage_root_done(struct storage_root *root);

/* In the mount namespace where it is to be attached, while paths of the host resolve for the
 * caller. @host_fd: from storage_open; what the path names must still be
 * the same; -EBADF: whatever it names now. */
int storage_take(const struct storage *storage, const struct storage_user *user, int host_fd,
                 struct storage_root *ret_root, struct err *err);
/* As the container's root: makes root->tree when it is not there yet. */
int storage_mount(const struct storage *storage, const struct storage_user *user,
                  struct storage_root *root, struct err *err);

/* ---- a creation, a copy ---- */

#define STORAGE_GIVE_MAX 3

/* What was made. Directories are the caller's until container's root gets them: by fchown(2), in a
 * process that has both ids. */
struct storage_made {
	int fd;    /* the directory to fill, readable, or -EBADF: nothing to fill */
	int mount; /* of a volume: its detached mount, which fd is on */
	int give[STORAGE_GIVE_MAX]; /* more that container's root must own */
	size_t n_give;
};
#define STORAGE_MADE_NONE ((struct storage_made){ .fd = -EBADF, .mount = -EBADF })
void storage_made_done(struct storage_made *made);

/* What is asked for; NULL and 0 are the defaults. */
struct storage_spec {
	const char *backend;        /* NULL: dir; "best": the first that is possible */
	const char *name;           /* of the container, or what a volume is called */
	const char *container_path; /* .../NAME */
	const char *dir;            /* --dir: of a tree, instead of container_path/rootfs */
	const char *vgname, *lvname, *thinpool; /* lvm */
	const char *zfsroot;                    /* zfs */
	const char *fstype;                     /* loop, lvm */
	uint64_t fssize;                        /* in bytes; the same */
	const struct storage
		*like; /* of a full copy: a volume that it is like in what is left open */
};

/* Decides what storage_create will make: type and path, for volumes a name that is free. Refuses
 * what cannot be, before anything is made. -EEXIST: there is a volume of the name that was asked
 * for. */
int storage_choose(const struct storage_spec *spec, const struct caller *caller,
                   struct storage *ret_storage, struct err *err);
/* @dir_fd, @name: the directory that is to be filled (a tree), or a place to mount on (a volume).
 * What was begun when it fails is for storage_destroy and tree_remove. */
int storage_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                   const char *name, struct storage_made *ret_made, struct err *err);

/* The type and path of a copy-on-write clone of @source for @spec (its name and container_path
 * count, for volumes vgname and zfsroot too). -EOPNOTSUPP: that type has none. */
int storage_choose_snapshot(const struct storage *source, const struct storage_spec *spec,
                            struct storage *ret_storage, struct err *err);
/* Makes the clone that was chosen; there is nothing to fill. A volume as the caller, a tree in a
 * process that is the container's root (and has the caller's ids, too): that looks no path of the
 * host up. @source_fd: from storage_open, -EBADF for a volume. @dir_fd: the directory of the
 * clone's container; @name: as for storage_create. @ret_made: of a volume; NULL: it is not to be
 * mounted. */
int storage_snapshot(const struct storage *source, const struct storage *clone, int source_fd,
                     int dir_fd, const char *name, struct storage_made *ret_made, struct err *err);

/* Before a start, as the caller: makes what may be missing, the upper and work directory of an
 * overlay. */
int storage_prepare(const struct storage *storage, struct storage_made *ret_made, struct err *err);

/* Removes a volume, which may be half made or gone; trees are not touched (see storage/tree.h). */
int storage_destroy(const struct storage *storage, struct err *err);

#endif
