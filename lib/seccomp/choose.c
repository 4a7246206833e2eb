/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/choose.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"
#include "seccomp/builtin.h"
#include "seccomp/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define POLICY_MAX ((size_t)1 << 20)
#define BUILT_IN "built in"

void seccomp_choice_done(struct seccomp_choice *choice)
{
	free(choice->policy);
	free(choice->source);
	*choice = (struct seccomp_choice){};
}

static int translate(const struct seccomp_facts *facts, const char *text, const char *source,
                     struct seccomp_choice *ret_choice, struct err *err)
{
	const struct seccomp_target target = { .host = seccomp_host(),
		                               .userns = facts->userns,
		                               .may_notify = facts->has_proxy };
	_cleanup_(seccomp_choice_done) struct seccomp_choice choice = {};
	int r = seccomp_policy_parse(text, source, &target, &choice.policy, err);

	if (r < 0)
		return r;
	choice.source = strdup(source);
	if (!choice.source)
		return err_oom(err);
	*ret_choice = choice;
	choice = (struct seccomp_choice){};
	return 0;
}

static int read_failed(const char *path, int code, struct err *err)
{
	err_set(err, code, "cannot read lxc.seccomp.profile '%s'", path);
	err_hint(err, "'lxc.seccomp.profile =' takes the filter that is built in, "
	              "'lxc.seccomp.profile = none' does without one");
	return code;
}

/* LXC's own configurations name its file wherever it was installed. */
static bool is_shipped(const char *path)
{
	return str_ends_with(path, "/lxc/config/" SECCOMP_BUILTIN_FILE);
}

int seccomp_choose(const struct seccomp_facts *facts, struct seccomp_choice *ret_choice,
                   const char **ret_note, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	const char *path = facts->profile;
	size_t len = 0;
	int r;

	*ret_note = NULL;
	*ret_choice = (struct seccomp_choice){};
	if (path && strcmp(path, "none") == 0)
		return 0;
	/* A program of root on the host's files with the host's ids is not contained by anything
	 * else either. */
	if (!path && !facts->userns && !facts->has_rootfs)
		return 0;
	if (!path)
		return translate(facts, seccomp_builtin, BUILT_IN, ret_choice, err);
	r = fd_read_file(AT_FDCWD, path, POLICY_MAX, &text, &len);
	if (r == -ENOENT && is_shipped(path)) {
		*ret_note = "LXC's own policy of lxc.seccomp.profile is not installed, the filter "
			    "that is built in takes its place";
		return translate(facts, seccomp_builtin, BUILT_IN, ret_choice, err);
	}
	if (r < 0)
		return read_failed(path, r, err);
	if (strlen(text) < len)
		return err_say(err, -EINVAL,
		               "lxc.seccomp.profile '%s' holds a NUL byte, and nothing behind it "
		               "would count",
		               path);
	return translate(facts, text, path, ret_choice, err);
}
