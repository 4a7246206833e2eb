/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/names.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void names_done(struct names *names)
{
	free(names->payload);
	free(names->monitor);
	*names = (struct names){};
}

/* The container could stop who watches it, or the other way round. */
static bool is_at_or_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static int check_keys(const struct conf *conf, struct err *err)
{
	static const char both[] = "lxc.cgroup.dir.container and lxc.cgroup.dir.monitor";

	if (!conf->cgroup_container != !conf->cgroup_monitor) {
		err_say(err, -EINVAL, "'lxc.cgroup.dir.%s' stands alone",
		        conf->cgroup_container ? "container" : "monitor");
		err_hint(err, "set both of %s", both);
		return -EINVAL;
	}
	if (conf->cgroup_container && conf->cgroup_dir) {
		err_say(err, -EINVAL,
		        "'lxc.cgroup.dir' and 'lxc.cgroup.dir.container' exclude "
		        "each other");
		err_hint(err,
		         "take one of them out: the first names the directory of both "
		         "cgroups, %s name each",
		         both);
		return -EINVAL;
	}
	if (conf->cgroup_container &&
	    (is_at_or_below(conf->cgroup_container, conf->cgroup_monitor) ||
	     is_at_or_below(conf->cgroup_monitor, conf->cgroup_container))) {
		err_say(err, -EINVAL, "%s are '%s' and '%s': the same, or one inside the other",
		        both, conf->cgroup_container, conf->cgroup_monitor);
		err_hint(err, "put them side by side, for example 'c1/payload' and 'c1/monitor'");
		return -EINVAL;
	}
	if (conf->cgroup_inner && !conf->cgroup_container) {
		err_say(err, -EINVAL,
		        "'lxc.cgroup.dir.container.inner' needs "
		        "'lxc.cgroup.dir.container'");
		err_hint(err, "set %s, or take it out", both);
		return -EINVAL;
	}
	return 0;
}

/* Every "%n" of the pattern is the name; "/" and @leaf come behind. */
static int expand(const char *pattern, const char *name, const char *leaf, char **ret_path)
{
	struct text text = {};

	pattern += strspn(pattern, "/");
	for (const char *s = pattern; *s; s++) {
		if (s[0] == '%' && s[1] == 'n') {
			text_add(&text, name);
			s++;
		} else {
			text_add_len(&text, s, 1);
		}
	}
	text_addf(&text, "/%s", leaf);
	return text_finish(&text, ret_path);
}

static int take_pattern(const char *pattern, struct names *names, struct err *err)
{
	if (strstr(pattern, "..")) {
		err_say(err, -EINVAL, "lxc.cgroup.pattern = %s: a cgroup's path has no '..'",
		        pattern);
		err_hint(err, "put it right in lxc.conf, for example 'lxc.cgroup.pattern = "
		              "lxc/%%n'");
		return -EINVAL;
	}
	if (expand(pattern, names->cgroup.name, "payload", &names->payload) < 0 ||
	    expand(pattern, names->cgroup.name, "monitor", &names->monitor) < 0)
		return err_oom(err);
	names->cgroup.payload = names->payload;
	names->cgroup.monitor = names->monitor;
	return 0;
}

int names_make(const char *name, const struct conf *conf, const char *pattern,
               struct names *ret_names, struct err *err)
{
	struct names names = { .cgroup = { .name = name,
		                           .dir = conf->cgroup_dir,
		                           .payload = conf->cgroup_container,
		                           .monitor = conf->cgroup_monitor,
		                           .pivot = conf->cgroup_pivot } };
	int r = check_keys(conf, err);

	if (r == 0 && pattern && *pattern && !conf->cgroup_dir && !conf->cgroup_container)
		r = take_pattern(pattern, &names, err);
	if (r < 0) {
		names_done(&names);
		return r;
	}
	*ret_names = names;
	return 0;
}
