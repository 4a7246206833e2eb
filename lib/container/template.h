/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_TEMPLATE_H
#define RLXC_CONTAINER_TEMPLATE_H

#include "base/err.h"
#include "base/strv.h"
#include "container/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Templates fill the root file system of a new container. Some are built in (a row in template.c
 * and a file template-<name>.c); others are programs that are called as LXC's are. */

/* One use of a template. */
struct template_run {
	const struct store *store;
	const char *name;           /* of the container */
	char *const *words;         /* its options, NULL-terminated, or NULL */
	const char *container_path; /* .../NAME */
	const char *rootfs_path;    /* the directory to fill; NULL: none */
	int rootfs_fd;              /* the same */
	bool mapped;       /* the container has id maps, and the template runs inside them */
	uint32_t uid, gid; /* the caller inside, when mapped */
	bool quiet;
	void *data; /* the template's own, from prepare to done */
};

struct template
{
	const char *name;
	const char *purpose; /* one line */
	const char *help;    /* its options, with newlines; NULL: none */
	/* As the caller, before anything is made: reads the words, opens what it needs. */
	int (*prepare)(struct template_run * run, struct err * err);
	/* In a child, as root of the container's ids, umask 022. May end in exec; a positive result
	 * is an exit status. */
	int (*fill)(struct template_run * run, struct err * err);
	/* As the caller, afterwards: from the configuration so far to that with the template's
	 * lines. */
	int (*configure)(const struct template_run *run, const char *config, char **ret_config,
	                 struct err *err);
	void (*done)(struct template_run * run);
};

extern const struct template template_busybox;
extern const struct template template_image;
extern const struct template template_local;
extern const struct template template_external; /* data: its path, owned */

/* What a system container starts from when nobody has configured anything. There is no lxc.net:
 * the network is then chosen at start by what the host offers. */
extern const char template_base_config[];

/* A built-in one, or a name in the template directory, or an absolute path. For a program
 * *@ret_path is its path (owned), else NULL. -ENOENT: no such template. */
int template_find(const char *name, const struct template **ret_template, char **ret_path,
                  struct err *err);
/* The i-th built-in template, NULL past the end. */
const struct template *template_get(size_t i);

/* Reading a template's words: "--name VALUE", "--name=VALUE", "-nVALUE", "-n VALUE", and "--name"
 * for one without a value. */
struct template_option {
	const char *name; /* without dashes */
	char letter;      /* or 0 */
	const char **ret_value;
	bool *ret_flag; /* for one without a value */
};
int template_parse(const char *template_name, char *const *words,
                   const struct template_option *options, size_t n_options, struct err *err);

#endif
