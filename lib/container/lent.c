/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/lent.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/child.h"
#include "container/rootfs.h"
#include "idmap/idmap.h"
#include "mount/lend.h"
#include "ns/ns.h"
#include "os/mountfd.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define IMAGE_IDS 65536

struct maker {
	const struct launch_request *request;
	pid_t init;
	struct lent *lent;
	struct err *err;
};

/* What is to be made, and who it is made for. */
struct wish {
	int place;
	const char *idmap; /* "container", or the path of a namespace */
	uint32_t uid, gid; /* ids inside that stand for the caller's */
	bool read_only, recursive;
};

/* ---- one tree ---- */

static int open_userns(const struct maker *m, const char *idmap, struct err *err)
{
	char path[64];
	int fd = -EBADF, r;

	if (strcmp(idmap, "container") == 0) {
		if (!m->request->plan->maps.n)
			return -EBADF;
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", m->init);
		idmap = path;
	}
	if (*idmap != '/')
		return err_say(err, -EINVAL,
		               "'idmap=%s' is neither 'container' nor the path of a user namespace",
		               idmap);
	r = ns_open_path(idmap, NS_USER, &fd, err);
	return r < 0 ? err_wrap(err, r, "'idmap=%s'", idmap) : fd;
}

static int make(const struct maker *m, const struct wish *wish, struct mount_lend *lend,
                struct err *err)
{
	_cleanup_close_ int userns = open_userns(m, wish->idmap, err);

	if (userns < 0 && userns != -EBADF)
		return userns;
	lend->userns_fd = userns;
	return mount_lend_make(lend, err);
}

static int find_map(const struct maker *m, enum idmap_kind kind, const struct wish *wish,
                    bool is_image, char **ret_text, struct err *err)
{
	const struct conf_idmaps *maps = &m->request->plan->maps;
	const struct caller *caller = &m->request->store->caller;

	if (is_image)
		return idmap_mount_inside(maps, kind, IMAGE_IDS, ret_text, err);
	return kind == IDMAP_UID
	               ? idmap_mount_own(maps, kind, caller->uid, wish->uid, ret_text, err)
	               : idmap_mount_own(maps, kind, caller->gid, wish->gid, ret_text, err);
}

static int ask(const struct maker *m, const struct wish *wish, const struct stat *st,
               struct mount_lend *lend, struct err *err)
{
	const struct caller *caller = &m->request->store->caller;
	_cleanup_free_ char *uids = NULL, *gids = NULL;
	int r;

	if (strcmp(wish->idmap, "container") != 0)
		return err_say(err, -EPERM,
		               "'idmap=%s' is for root only: ordinary users have idmap=container",
		               wish->idmap);
	lend->is_image = st->st_uid == 0;
	r = find_map(m, IDMAP_UID, wish, lend->is_image, &uids, err);
	if (r == 0)
		r = find_map(m, IDMAP_GID, wish, lend->is_image, &gids, err);
	if (r < 0)
		return r;
	lend->uids = uids;
	lend->gids = gids;
	lend->user = caller->name;
	return mount_lend_ask(lend, err);
}

static bool is_containers(const struct maker *m, const struct stat *st)
{
	const struct conf_idmaps *maps = &m->request->plan->maps;

	return st->st_uid != m->request->store->caller.uid &&
	       idmap_to_ns(maps, IDMAP_UID, st->st_uid) >= 0;
}

static int add(struct maker *m, const struct wish *wish, int fd, const char *path, struct err *err)
{
	struct mount_lend lend = { .fd = fd,
		                   .path = path,
		                   .read_only = wish->read_only,
		                   .recursive = wish->recursive,
		                   .userns_fd = -EBADF };
	struct lent *lent = m->lent;
	struct stat st;
	int tree;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot look at '%s'", path);
	if (lent->n == LENT_MAX)
		return err_say(err, -E2BIG, "more than %d mounts with idmap=", LENT_MAX);
	if (is_containers(m, &st)) {
		err_say(err, -EINVAL,
		        "'%s' belongs to uid %u, which is an id of the container already", path,
		        st.st_uid);
		err_hint(err, "take idmap=%s out of its options, or give the files to yourself",
		         wish->idmap);
		return -EINVAL;
	}
	tree = m->request->store->caller.is_root ? make(m, wish, &lend, err)
	                                         : ask(m, wish, &st, &lend, err);
	if (tree < 0)
		return tree;
	lent->places[lent->n] = (int16_t)wish->place;
	lent->fds[lent->n++] = tree;
	return 0;
}

/* ---- which ---- */

/* A lower directory that another container of ours has written to needs nothing. */
static int add_lowers(struct maker *m, struct wish *wish)
{
	const struct strv *lowers = &m->request->rootfs->storage.lowers;

	wish->read_only = true;
	wish->recursive = false;
	for (size_t i = 0; i < lowers->n; i++) {
		_cleanup_close_ int fd = open(lowers->items[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct stat st;
		int r;

		if (fd < 0 || fstat(fd, &st) < 0)
			return err_set(m->err, -errno, "cannot open directory '%s' of the overlay",
			               lowers->items[i]);
		if (is_containers(m, &st))
			continue;
		wish->place = LENT_LOWER - (int)i;
		r = add(m, wish, fd, lowers->items[i], m->err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_rootfs(struct maker *m)
{
	const struct start_plan *plan = m->request->plan;
	const struct rootfs *rootfs = m->request->rootfs;
	struct wish wish = { .place = LENT_ROOT,
		             .idmap = plan->mounts.rootfs_options.idmap,
		             .uid = plan->setup_uid,
		             .gid = plan->setup_gid,
		             .recursive = true };

	if (!wish.idmap || !plan->mounts.has_rootfs)
		return 0;
	return rootfs->storage.lowers.n ? add_lowers(m, &wish)
	                                : add(m, &wish, rootfs->fd, rootfs->storage.path, m->err);
}

static int add_step(struct maker *m, size_t i, struct err *err)
{
	const struct start_plan *plan = m->request->plan;
	const struct mount_op *op = &plan->mounts.ops[i];
	struct wish wish = { .place = (int)i,
		             .idmap = op->idmap,
		             .uid = plan->uid,
		             .gid = plan->gid,
		             .read_only = op->kind == MOUNT_LAYER,
		             .recursive = op->recursive };
	_cleanup_close_ int fd = open(op->source, O_PATH | O_CLOEXEC);

	return fd < 0 ? err_set(err, -errno, "cannot open '%s' for the container's '/%s'",
	                        op->source, op->target)
	              : add(m, &wish, fd, op->source, err);
}

int lent_make(const struct launch_request *request, pid_t init, struct lent *lent, struct err *err)
{
	struct maker maker = { request, init, lent, err };
	const struct mount_plan *mounts = &request->plan->mounts;
	int r = add_rootfs(&maker);

	for (size_t i = 0; i < mounts->n && r == 0; i++) {
		struct err why = {};

		if (!mounts->ops[i].idmap || add_step(&maker, i, &why) == 0)
			continue;
		if (mounts->ops[i].optional) {
			log_info("%s; it is optional, continuing without it", why.msg);
			continue;
		}
		r = why.code;
		if (err)
			*err = why;
	}
	return r;
}

void lent_done(struct lent *lent)
{
	while (lent->n)
		cleanup_close(&lent->fds[--lent->n]);
}

/* ---- handing over ---- */

struct message {
	char byte;
	uint8_t n;
	int16_t places[LENT_MAX];
};

int lent_tell(const struct lent *lent, int sync_fd, struct err *err)
{
	struct message message = { .byte = SYNC_MAPPED, .n = (uint8_t)lent->n };
	int r;

	memcpy(message.places, lent->places, sizeof(message.places));
	r = sock_send(sync_fd, &message, sizeof(message), lent->fds, lent->n);
	/* A child that is gone shows in the next step. */
	return r < 0 && r != -EPIPE && r != -ECONNRESET
	               ? err_set(err, r, "cannot hand mounts to the container")
	               : 0;
}

/* The overlay is made of what is mounted, and not all kernels can read a detached tree. */
static int put_lower(int *fd, int *layer)
{
	int r = mountfd_attach(*fd, *layer);

	if (r < 0)
		return r;
	cleanup_close(layer);
	*layer = take_fd(fd);
	return 0;
}

static int put(int place, int *fd, struct storage_root *root, struct mount_sources *sources)
{
	int *where = place == LENT_ROOT ? &root->tree : NULL;

	if (place <= LENT_LOWER && (size_t)(LENT_LOWER - place) + 1 < root->n_layers)
		return put_lower(fd, &root->layers[LENT_LOWER - place + 1]);
	if (place >= 0 && (size_t)place < sources->n)
		where = &sources->fds[place];
	if (!where)
		return -EPROTO;
	cleanup_close(where);
	*where = take_fd(fd);
	return 0;
}

int lent_take(int sync_fd, struct storage_root *root, struct mount_sources *sources,
              struct err *err)
{
	struct message message = {};
	int fds[LENT_MAX], r = 0;

	if (sock_recv(sync_fd, &message, sizeof(message), fds, LENT_MAX) != sizeof(message) ||
	    message.byte != SYNC_MAPPED || message.n > LENT_MAX)
		return err_say(err, -EPIPE, "the monitor ended during the start");
	for (size_t i = 0; i < message.n; i++) {
		if (r == 0)
			r = put(message.places[i], &fds[i], root, sources);
		cleanup_close(&fds[i]);
	}
	return r < 0 ? err_set(err, r, "cannot use a mount with idmap=") : 0;
}
