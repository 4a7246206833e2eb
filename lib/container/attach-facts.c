/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/attach-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "container/environment.h"
#include "ns/ns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

static int keep_variable(struct strv *env, const char *name)
{
	const char *value = getenv(name);
	_cleanup_free_ char *line = NULL;

	if (!value)
		return 0;
	if (asprintf(&line, "%s=%s", name, value) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return environment_set(env, line); /* PATH has a value already */
}

/* The terminal is the caller's, and a PATH that was kept gives way to a configured one only. */
static bool is_for_init_only(const struct strv *env, const char *line)
{
	if (str_starts_with(line, "TERM="))
		return true;
	return strcmp(line, "PATH=" ENVIRONMENT_PATH) == 0 && environment_get(env, "PATH");
}

/* What --rcfile says in place of the running container. */
static int read_environment(const struct attach *attach, struct strv *env, struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	int r = store_load_conf(attach->store, attach->name, attach->options->rcfile,
	                        /* tolerate= */ false, &conf, err);
	const struct strv *lists[2];

	if (r < 0)
		return r;
	lists[0] = &conf->environment;
	lists[1] = &conf->environment_runtime;
	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++)
		for (size_t k = 0; k < lists[i]->n && r == 0; k++)
			r = environment_set(env, lists[i]->items[k]);
	if (r == 0)
		r = environment_set(env, "container=lxc");
	return r < 0 ? err_oom(err) : 0;
}

static int add_containers(struct attach *attach, const char *theirs, size_t len, struct err *err)
{
	struct strv *env = &attach->environment;
	int r = 0;

	if (attach->options->rcfile)
		return read_environment(attach, env, err);
	for (const char *s = theirs; s < theirs + len && r == 0; s += strlen(s) + 1)
		if (!is_for_init_only(env, s))
			r = environment_set(env, s);
	return r < 0 ? err_oom(err) : 0;
}

/* Caller's (all, or what was asked for), then the container's, then the command line's. */
static int build_environment(struct attach *attach, const char *theirs, size_t len, struct err *err)
{
	const struct rlxc_attach_options *options = attach->options;
	struct strv *env = &attach->environment;
	int r = 0;

	for (char **line = environ; options->keep_env && *line && r == 0; line++)
		r = strv_add(env, *line);
	if (!options->keep_env) {
		r = strv_add(env, "PATH=" ENVIRONMENT_PATH);
		for (size_t i = 0; i < options->n_keep_vars && r == 0; i++)
			r = keep_variable(env, options->keep_vars[i]);
	}
	r = r < 0 ? err_oom(err) : add_containers(attach, theirs, len, err);
	if (r < 0)
		return r;
	if (!options->keep_env && getenv("TERM")) {
		char term[128];

		(void)snprintf(term, sizeof(term), "TERM=%s", getenv("TERM"));
		r = environment_set(env, term);
	}
	for (size_t i = 0; i < options->n_set_vars && r == 0; i++)
		r = environment_set(env, options->set_vars[i]);
	return r < 0 ? err_oom(err) : 0;
}

static void drop_cgroups(struct attach *attach)
{
	cleanup_close(&attach->cgroup_fd);
	for (size_t i = 0; i < CONTROL_V1_MAX; i++)
		cleanup_close(&attach->v1_fds[i]);
}

static void choose_namespaces(struct attach *attach)
{
	uint32_t asked = attach->options->namespaces;

	attach->elevate = attach->options->elevate;
	attach->namespaces = attach->facts.new_namespaces;
	if (asked) {
		attach->namespaces &= asked;
		attach->elevate = RLXC_ELEVATE_CAP | RLXC_ELEVATE_CGROUP | RLXC_ELEVATE_LSM;
	}
	if (attach->elevate & RLXC_ELEVATE_CGROUP)
		drop_cgroups(attach);
}

static int choose_persona(struct attach *attach, struct err *err)
{
	const char *arch = attach->options->arch;

	attach->persona = attach->facts.persona;
	if (!arch)
		return 0;
	if (!conf_arch_is_known(arch)) {
		err_say(err, -EINVAL, "unknown architecture '%s'", arch);
		err_hint(err, "for example x86_64, i686, arm64, armhf");
		return -EINVAL;
	}
	attach->persona = conf_arch_is_32bit(arch) ? PER_LINUX32 : PER_LINUX;
	return 0;
}

static void take_fds(struct attach *attach, const int fds[CONTROL_ATTACH_FDS])
{
	cleanup_close(&attach->init_fd);
	cleanup_close(&attach->filter_fd);
	cleanup_close(&attach->notify_fd);
	drop_cgroups(attach);
	attach->init_fd = *fds++;
	if (attach->facts.has_cgroup)
		attach->cgroup_fd = *fds++;
	if (attach->facts.has_filter)
		attach->filter_fd = *fds++;
	if (attach->facts.has_notify)
		attach->notify_fd = *fds++;
	memcpy(attach->v1_fds, fds, sizeof(attach->v1_fds));
}

static int say_malformed(struct err *err)
{
	return err_say(err, -EBADMSG, "the container's monitor gave a malformed answer");
}

/* Asks for the facts, and for the container's environment from where @env ends on. */
static int ask_part(struct attach *attach, int sock, struct text *env, struct err *err)
{
	const size_t head = sizeof(attach->facts);
	char data[CONTROL_MAX];
	int fds[CONTROL_ATTACH_FDS], r;
	size_t len = 0;

	r = control_call(sock, CONTROL_ATTACH, (int32_t)env->len, NULL, data, sizeof(data), &len,
	                 fds, CONTROL_ATTACH_FDS, err);
	if (r < 0)
		return r;
	if (len >= head)
		memcpy(&attach->facts, data, head);
	take_fds(attach, fds);
	if (len < head || attach->init_fd < 0 ||
	    (attach->facts.has_filter && attach->filter_fd < 0) ||
	    (attach->facts.has_notify && attach->notify_fd < 0) ||
	    (len == head && env->len < attach->facts.environment_bytes))
		return say_malformed(err);
	text_add_len(env, data + head, len - head);
	return env->failed ? err_oom(err) : 0;
}

static int ask_monitor(struct attach *attach, int sock, struct err *err)
{
	_cleanup_(text_done) struct text env = {};
	int r;

	do
		r = ask_part(attach, sock, &env, err);
	while (r == 0 && env.len < attach->facts.environment_bytes);
	if (r < 0)
		return r;
	if (env.len && env.data[env.len - 1] != '\0')
		return say_malformed(err);
	if (attach->facts.state == RLXC_FROZEN || attach->facts.state == RLXC_FREEZING) {
		err_say(err, -EBUSY, "container '%s' is frozen, nothing can run in it",
		        attach->name);
		err_hint(err, "thaw it first: lxc-unfreeze%s %s", STORE_OPTION(attach->store),
		         attach->name);
		return -EBUSY;
	}
	return build_environment(attach, env.data, env.len, err);
}

void attach_done(struct attach *attach)
{
	strv_done(&attach->environment);
	drop_cgroups(attach);
	cleanup_close(&attach->init_fd);
	cleanup_close(&attach->filter_fd);
	cleanup_close(&attach->notify_fd);
	cleanup_close(&attach->proc_fd);
	cleanup_close(&attach->sync_fd);
	cleanup_close(&attach->link_fd);
	cleanup_close(&attach->host_slave);
	cleanup_close(&attach->pty_log_fd);
	free(attach->cwd);
}

/* In place of the container's. */
static int choose_label(struct attach *attach, struct err *err)
{
	struct lsm_facts facts;

	if (!attach->options->context)
		return 0;
	lsm_find(/* is_host_root= */ false, &facts);
	return lsm_choose_named(attach->options->context, &facts, &attach->facts.label, err);
}

int attach_decide(struct attach *attach, struct err *err)
{
	_cleanup_close_ int sock = control_connect(attach->store, attach->name, err);
	int r;

	if (sock < 0)
		return sock;
	r = ask_monitor(attach, sock, err);
	if (r < 0)
		return r;
	choose_namespaces(attach);
	attach->cwd = getcwd(NULL, 0);
	r = choose_label(attach, err);
	return r < 0 ? r : choose_persona(attach, err);
}
