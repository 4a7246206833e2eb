/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/import-trust.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "conf/read.h"
#include "os/path.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#ifndef RLXC_DATA_DIR
#define RLXC_DATA_DIR "/usr/share/lxc"
#endif

/* What an archive's author could have the host do, in the caller's name. The rest of a
 * configuration is about the container, which is confined by its ids. */
enum reach {
	REACH_ANY,     /* whatever it says */
	REACH_PATH,    /* by a path of the host; those of the container's directory are fine */
	REACH_NETWORK, /* by the host's own network */
};

static const struct {
	const char *key; /* pattern */
	enum reach reach;
} reaching[] = {
	{ "lxc.hook.*", REACH_ANY },
	{ "lxc.net.*.script.*", REACH_ANY },
	{ "lxc.namespace.share.*", REACH_ANY },
	{ "lxc.seccomp.notify.proxy", REACH_ANY },
	{ "lxc.net.*.type", REACH_NETWORK },
	{ "lxc.console.path", REACH_PATH },
	{ "lxc.console.logfile", REACH_PATH },
	{ "lxc.log.file", REACH_PATH },
	{ "lxc.mount.entry", REACH_PATH },
	{ "lxc.mount.fstab", REACH_PATH },
};

struct search {
	const char *path, *config; /* the container's directory; its configuration file */
	char *found;               /* owned */
};

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/' && !strstr(path, "/..");
}

static bool is_shared(const char *file)
{
	return is_below(file, RLXC_DATA_DIR) || is_below(file, "/usr/share/lxc");
}

static bool is_reached(const struct search *search, enum reach reach, const char *value)
{
	switch (reach) {
	case REACH_PATH:
		/* What is in the root file system may be links that lead out of it. */
		return *value == '/' &&
		       (!is_below(value, search->path) || strstr(value, "/rootfs"));
	case REACH_NETWORK:
		return strcmp(value, "none") == 0 || strcmp(value, "phys") == 0;
	case REACH_ANY:
		break;
	}
	return *value;
}

static bool reaches(const struct search *search, const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(reaching); i++)
		if (fnmatch(reaching[i].key, key, 0) == 0)
			return is_reached(search, reaching[i].reach, value);
	return false;
}

static void look(void *arg, const struct conf_seen *seen)
{
	struct search *search = arg;
	bool is_own = strcmp(seen->file, search->config) == 0;
	struct text text = {};

	if (search->found || !seen->key || is_shared(seen->file))
		return;
	if (is_own && !reaches(search, seen->key, seen->value ? seen->value : ""))
		return;
	text_add(&text, is_own ? "" : "lxc.include = ");
	text_add_printable(&text, is_own ? seen->key : seen->file);
	text_add(&text, is_own ? " = " : "");
	text_add_printable(&text, is_own ? seen->value : "");
	(void)text_finish(&text, &search->found);
}

int import_check_trust(const char *path, const char *archive, struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = conf_new();
	_cleanup_free_ char *config = path_join(path, "config");
	struct search search = { .path = path, .config = config };
	_cleanup_free_ char *found = NULL;
	unsigned int n_wrong;
	int r;

	if (!conf || !config)
		return err_oom(err);
	r = conf_read_seen(conf, config, look, &search, &n_wrong, err);
	found = search.found;
	if (r < 0 || !found)
		return r;
	err_say(err, -EPERM, "the configuration in '%s' acts on this host: '%.300s'", archive,
	        found);
	err_hint(err, "if you know who made the archive: --trust");
	return -EPERM;
}
