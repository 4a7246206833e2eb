/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CREATE_INTERNAL_H
#define RLXC_CONTAINER_CREATE_INTERNAL_H

#include "base/err.h"
#include "conf/conf.h"
#include "container/create.h"
#include "container/guard.h"
#include "container/mark.h"
#include "container/template.h"
#include "storage/storage.h"

#include <stdbool.h>

/* A creation under way: create.c has the order of its steps. */
struct creation {
	const struct store *store;
	const struct rlxc_create_options *options;
	const struct template *template;
	struct template_run run;
	struct guard guard;

	/* from the initial configuration */
	char *config_text;
	struct conf *conf;

	char *path;        /* of the container's directory */
	char *rootfs_path; /* of the directory to fill, or NULL: no root file system is made */
	bool outside;      /* which is not below path */
	struct storage_spec spec;
	struct storage storage;
	struct storage_made made;
	struct mark mark;
	int dir_fd, partial_fd;

	/* what there is to undo */
	bool made_store, made_dir, claimed;
	bool noted_outside; /* as mark.rootfs_* say */
};

/* create.c: steps that a copy has as well. Nothing of that name may be there; where to make it is;
 * the directory is ours alone from now on; it is anybody's. */
int create_check_undefined(struct creation *c, struct err *err);
int create_make_store(struct creation *c, struct err *err);
int create_claim_directory(struct creation *c, struct err *err);
/* What was filled is on the disk before the container counts. */
int create_sync_files(struct creation *c, struct err *err);
int create_release_directory(struct creation *c, struct err *err);
/* Takes away what was made. */
void create_undo(const struct creation *c);
/* What to look at when there was no space, which @code says or not. */
void create_hint_full(const struct creation *c, int code, struct err *err);
void creation_done(struct creation *c);

/* create-config.c: reads the initial configuration. */
int create_read_config(struct creation *c, struct err *err);
/* The id map: that of the configuration, checked, or one chosen for the caller. */
int create_choose_idmap(struct creation *c, struct err *err);
/* Writes the configuration as the template will find it. */
int create_write_config(struct creation *c, struct err *err);
/* The template's lines and the header; the result must be readable. */
int create_finish_config(struct creation *c, struct err *err);

/* create-rootfs.c: what it will be, before anything of the container is there. */
int create_choose_storage(struct creation *c, struct err *err);
/* An option that would have no effect on the storage that was chosen is an error. */
int create_check_storage_options(const struct creation *c, struct err *err);
/* The empty root file system, as the caller's. */
int create_make_rootfs(struct creation *c, struct err *err);
/* Only an empty directory of the caller's (or one with no more than our mark) may be filled. */
int create_check_empty(const struct creation *c, int dir_fd, const char *path, struct err *err);
/* Gives it to the container's root and lets the template fill it. */
int create_fill_rootfs(struct creation *c, struct err *err);

#endif
