/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each row is tried in a process of its own, so that nothing leaks into the next, and with a
 * deadline. A row that needs another one which failed is not tried: there is one thing to repair,
 * and it is named once. */
#include "container/check.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "container/check-internal.h"
#include "idmap/idmap.h"
#include "os/proc.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TIMEOUT_MS 20000

static const struct subject {
	const char *name, *title;
	const struct check_row *rows;
} subjects[] = {
	{ "namespaces", "Namespaces", check_rows_namespaces },
	{ "ids", "Ids", check_rows_ids },
	{ "cgroup", "Control groups", check_rows_cgroup },
	{ "files", "Files", check_rows_files },
	{ "mounts", "Mounts", check_rows_mounts },
	{ "security", "Security", check_rows_security },
	{ "net", "Network", check_rows_net },
	{ "helpers", "Helpers", check_rows_helpers },
	{ "budgets", "Budgets", check_rows_budget },
};

/* Of one row. */
struct outcome {
	const struct subject *subject;
	const struct check_row *row;
	bool is_asked, is_done, works;
	char note[sizeof(((struct check_job *)NULL)->note)];
	struct err err;
};

struct checking {
	const struct caller *caller;
	struct check_job *job; /* shared with the processes */
	struct outcome *outcomes;
	size_t n;
};

/* ---- for the rows ---- */

void check_note(struct check_job *job, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(job->note, sizeof(job->note), fmt, ap);
	va_end(ap);
}

int check_in_userns(struct check_job *job, int (*fn)(void *arg, struct err *err), struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	const struct caller *caller = job->caller;

	if (!caller->is_root && (idmap_add(&maps, IDMAP_UID, 0, caller->uid, 1) < 0 ||
	                         idmap_add(&maps, IDMAP_GID, 0, caller->gid, 1) < 0))
		return err_oom(err);
	return idmap_run(&maps, caller, fn, job, err);
}

int check_unshare(const struct check_job *job, int flags, struct err *err)
{
	int r;

	if (unshare(flags | (job->caller->is_root ? 0 : CLONE_NEWUSER)) == 0)
		return 0;
	r = -errno;
	idmap_explain_clone_failure(r, err);
	return r;
}

/* ---- one row ---- */

static int run_row(void *arg, struct err *err)
{
	struct check_job *job = arg;

	(void)setpgid(0, 0);
	return job->row->run(job, err);
}

static struct outcome *find(const struct checking *checking, const char *label)
{
	size_t i = 0;

	while (strcmp(checking->outcomes[i].row->label, label) != 0)
		i++;
	return &checking->outcomes[i];
}

static void try_row(struct checking *checking, struct outcome *outcome);

/* False: @label failed, which the outcome says then. */
static bool has(struct checking *checking, struct outcome *outcome, const char *label)
{
	struct outcome *needed;

	if (!label)
		return true;
	needed = find(checking, label);
	if (!needed->is_done)
		try_row(checking, needed);
	if (!needed->works)
		err_say(&outcome->err, -ENOSYS, "it needs '%s'", label);
	return needed->works;
}

static void try_row(struct checking *checking, struct outcome *outcome)
{
	const struct check_row *row = outcome->row;
	bool user = !checking->caller->is_root;
	struct check_job *job = checking->job;

	outcome->is_done = true;
	if (!has(checking, outcome, row->in_userns && user ? CHECK_USERNS : NULL) ||
	    !has(checking, outcome, row->needs))
		return;
	*job = (struct check_job){ .row = row, .caller = checking->caller, .shell = getppid() };
	outcome->works = proc_run_child_for(run_row, job, TIMEOUT_MS, &outcome->err) == 0;
	memcpy(outcome->note, job->note, sizeof(outcome->note));
}

/* ---- all of them ---- */

static bool is_for(const struct check_row *row, const struct caller *caller)
{
	if (row->root_only)
		return caller->is_root && !caller->in_userns;
	return !row->users_only || !caller->is_root;
}

static int add_rows(struct checking *checking, const struct subject *subject, bool is_asked,
                    struct err *err)
{
	for (const struct check_row *row = subject->rows; row->label; row++) {
		struct outcome *more;

		if (!is_for(row, checking->caller))
			continue;
		more = reallocarray(checking->outcomes, checking->n + 1, sizeof(*more));
		if (!more)
			return err_oom(err);
		checking->outcomes = more;
		checking->outcomes[checking->n++] =
			(struct outcome){ .subject = subject, .row = row, .is_asked = is_asked };
	}
	return 0;
}

static bool is_asked(const struct subject *subject, const char *const *names, size_t n)
{
	bool asked = n == 0;

	for (size_t i = 0; i < n; i++)
		asked |= strcmp(subject->name, names[i]) == 0;
	return asked;
}

static int check_names(const char *const *names, size_t n, struct err *err)
{
	_cleanup_(text_done) struct text known = {};

	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		text_addf(&known, "%s%s", i ? ", " : "", subjects[i].name);
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;

		while (j < ARRAY_SIZE(subjects) && strcmp(subjects[j].name, names[i]) != 0)
			j++;
		if (j < ARRAY_SIZE(subjects))
			continue;
		err_say(err, -EINVAL, "there is no subject '%s'", names[i]);
		err_hint(err, "there are: %s", known.data ? known.data : "");
		return -EINVAL;
	}
	return 0;
}

static bool is_needed(const struct check_row *row, const struct caller *caller)
{
	return row->need == CHECK_BY_ALL || (row->need == CHECK_BY_USERS && !caller->is_root);
}

static void fill(const struct outcome *outcome, const struct caller *caller,
                 struct rlxc_check *check)
{
	check->subject = outcome->subject->name;
	check->title = outcome->subject->title;
	check->label = outcome->row->label;
	check->needed = is_needed(outcome->row, caller);
	check->works = outcome->works;
	memcpy(check->note, outcome->note, sizeof(check->note));
	memcpy(check->why, outcome->err.msg, sizeof(check->why));
	memcpy(check->fix, outcome->err.hint, sizeof(check->fix));
}

/* What was asked for, and what stands in its way. */
static int collect(const struct checking *checking, struct rlxc_check **ret_checks, size_t *ret_n,
                   struct err *err)
{
	struct rlxc_check *checks = calloc(checking->n, sizeof(*checks));

	if (!checks)
		return err_oom(err);
	*ret_n = 0;
	for (size_t i = 0; i < checking->n; i++) {
		const struct outcome *outcome = &checking->outcomes[i];

		if (outcome->is_asked || (outcome->is_done && !outcome->works))
			fill(outcome, checking->caller, &checks[(*ret_n)++]);
	}
	*ret_checks = checks;
	return 0;
}

static int check_all(struct checking *checking, const char *const *names, size_t n_names,
                     struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(subjects) && r == 0; i++)
		r = add_rows(checking, &subjects[i], is_asked(&subjects[i], names, n_names), err);
	for (size_t i = 0; i < checking->n && r == 0; i++)
		if (checking->outcomes[i].is_asked && !checking->outcomes[i].is_done)
			try_row(checking, &checking->outcomes[i]);
	return r;
}

int container_check(const char *const *names, size_t n_names, struct rlxc_check **ret_checks,
                    size_t *ret_n, struct err *err)
{
	_cleanup_(caller_done) struct caller caller = {};
	struct checking checking = { .caller = &caller };
	int r = check_names(names, n_names, err);

	if (r == 0)
		r = caller_load(&caller, err);
	if (r < 0)
		return r;
	checking.job = mmap(NULL, sizeof(*checking.job), PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (checking.job == MAP_FAILED)
		return err_oom(err);
	r = check_all(&checking, names, n_names, err);
	if (r == 0)
		r = collect(&checking, ret_checks, ret_n, err);
	(void)munmap(checking.job, sizeof(*checking.job));
	free(checking.outcomes);
	return r;
}

const char *container_check_subject(unsigned int i)
{
	return i < ARRAY_SIZE(subjects) ? subjects[i].name : NULL;
}
