/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library says why nbd and rbd are none of them. */
static const char *const backends[] = {
	"dir", "btrfs", "best", "loop", "lvm", "nbd", "none", "overlay", "overlayfs", "rbd", "zfs",
};

static int option_backend(const struct option_row *row, void *args, const char *value,
                          struct rlxc_err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(backends); i++)
		if (strcmp(backends[i], value) == 0)
			return option_text(row, args, strcmp(value, "none") == 0 ? "dir" : value,
			                   err);
	return output_set(err, -EINVAL, "'%s' is not a storage backend", value);
}

static int option_absolute(const struct option_row *row, void *args, const char *value,
                           struct rlxc_err *err)
{
	if (value[0] != '/')
		return output_set(err, -EINVAL, "'--%s' takes an absolute path, not '%s'",
		                  row->name, value);
	return option_text(row, args, value, err);
}

#define FIELD(member) offsetof(struct rlxc_create_options, member)
#define BACKENDS "dir best btrfs loop lvm overlay zfs"

const struct option_row cmd_create_options[] = {
	OPTION("template", 't', "TEMPLATE", option_text, FIELD(template_name), "@templates",
	       "a template's name or path, \"none\" for none (required)"),
	OPTION("config", 'f', "FILE", option_text, FIELD(config), "@files",
	       "initial configuration, instead of lxc.default_config"),
	OPTION("bdev", 'B', "BACKEND", option_backend, FIELD(bdev), BACKENDS,
	       "storage: dir (default), overlay, btrfs; for root also\n"
	       "loop, lvm, zfs; best: the best that is possible"),
	OPTION("dir", 0, "PATH", option_absolute, FIELD(dir), "@dirs",
	       "directory of the root file system"),
	OPTION("lvname", 0, "NAME", option_text, FIELD(lvname), "",
	       "logical volume (backend lvm), instead of the name"),
	OPTION("vgname", 0, "NAME", option_text, FIELD(vgname), "", "volume group (backend lvm)"),
	OPTION("thinpool", 0, "NAME", option_text, FIELD(thinpool), "", "thin pool (backend lvm)"),
	OPTION("rbdname", 0, "NAME", option_refused, 0, "", "block device (backend rbd)"),
	OPTION("rbdpool", 0, "NAME", option_refused, 0, "", "pool (backend rbd)"),
	OPTION("rbduser", 0, "NAME", option_refused, 0, "", "user (backend rbd)"),
	OPTION("zfsroot", 0, "DATASET", option_text, FIELD(zfsroot), "",
	       "parent dataset (backend zfs)"),
	OPTION("fstype", 0, "TYPE", option_text, FIELD(fstype), "ext4 xfs btrfs",
	       "file system to make (backends loop and lvm)"),
	OPTION("fssize", 0, "SIZE", option_size, FIELD(fssize), "",
	       "its size, such as 500M or 2G (backends loop and lvm)"),
	{},
};

static int template_help(const struct request *req, const char *template_name)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_err err = {};
	int r;

	r = output_write(STDOUT_FILENO, "\n", 1);
	if (r >= 0)
		r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_template_help(rlxc, template_name, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

static int no_template(const struct request *req)
{
	struct rlxc_err err = {};

	output_set(&err, -EINVAL, "no template given: --template is missing");
	(void)snprintf(err.hint, sizeof(err.hint),
	               "'-t none' where the configuration names a root file system that is there, "
	               "'-t busybox' for a small one; see '%s --help'",
	               req->prog);
	return output_refused(req, &err);
}

int cmd_create(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_create_options options = {};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &options);
	if (r == EXIT_SUCCESS && req->helped && options.template_name &&
	    strcmp(options.template_name, "none") != 0)
		return template_help(req, options.template_name);
	if (r != OPTIONS_GO)
		return r;
	if (!options.template_name)
		return no_template(req);
	options.name = req->name;
	options.template_argv = req->n_words ? req->words : NULL;
	options.quiet = req->quiet;
	r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_create(rlxc, &options, &err);
	return r < 0 ? output_failed(req, &err) : output_created(req, rlxc, req->name);
}
