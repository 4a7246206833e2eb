/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_COPY_INTERNAL_H
#define RLXC_CONTAINER_COPY_INTERNAL_H

#include "container/copy.h"
#include "container/create-internal.h"
#include "storage/copy.h"
#include "storage/storage.h"

#include <stdbool.h>

/* What copy.c (the order of things), copy-config.c (text), copy-fill.c (files, in the container's
 * user namespace), rename.c and snapshot.c share. */

struct copy {
	const struct store *from, *to;
	const struct rlxc_copy_options *options;
	const struct copy_note *notes;
	const char *new_name;
	struct creation c; /* of the new container */
	char *src_path;    /* directory of the source's container */
	char *volume_name;
	int src_fd; /* the same, O_PATH */
	struct storage source;
	struct storage_user user;
	struct conf *written; /* the new container's configuration, as it is read back */
	int source_fd;        /* its files, from storage_open; -EBADF: none */
	struct strv uppers; /* overlays of options->mounts: directories below the new container's */
	bool live;          /* the source runs */
	bool shares;        /* the new root file system is made by storage_snapshot */
	bool delta;         /* an overlay over what the source's is over, with what is in that */
};

/* Steps of who only reads a container, too: the source's configuration and directory; its root file
 * system. */
int copy_load_source(struct copy *copy, struct err *err);
int copy_open_source(struct copy *copy, struct err *err);
/* As root of the container's ids (c.run says which the caller's are): the files that the container
 * sees. */
int copy_open_merged(const struct copy *copy, int *ret_fd, struct err *err);
/* Is the entry @name of a container's directory part of what it is? */
bool copy_has(const char *name);
void copy_done(struct copy *copy);

/* The configuration of the new container, in c.conf. */
int copy_edit_config(struct copy *copy, struct err *err);
/* Writes the saved text of @conf as the file @name of a container's directory. */
int copy_write_config(int dir_fd, const char *path, const char *name, const struct conf *conf,
                      struct err *err);
/* A path below the directory @from becomes one below @to, wherever it stands in the saved text of
 * @conf. */
int copy_move_paths(struct conf *conf, const char *from, const char *to, struct err *err);
/* Draws addresses anew. */
int copy_renew_hwaddrs(struct conf *conf, struct err *err);
/* The last line of lxc.uts.name. */
int copy_set_uts_name(struct conf *conf, const char *name, struct err *err);

/* A template that copies: run->data is a struct copy. */
extern const struct template template_copy;
/* /etc/hostname below @root_fd, if there is one, gets the text @name. As whoever may write it. */
int copy_set_hostname(int root_fd, const char *name, struct err *err);
/* The same above the lower directories of an overlay that we have made for the container behind
 * @dir_fd. As the container's root; @run: who the caller is. */
int copy_set_hostname_above(const struct template_run *run, const struct storage *storage,
                            const struct storage_user *user, int dir_fd, const char *name,
                            struct err *err);

#endif
