/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/policy.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 6 /* of a system call */
#define ERRNO_MAX 4095
#define BLANKS " \t\r"

struct parser {
	const char *name;
	const struct seccomp_target *target;
	unsigned int line;
	bool active;          /* the rules of this section count on this host */
	uint32_t rule_action; /* of a rule that names none */
	struct text out;
	struct err *err;
};

static int fail(const struct parser *p, const char *what, const char *word)
{
	(void)err_say(p->err, -EINVAL, "%s:%u: %s%s%.100s%s", p->name, p->line, what,
	              word ? " '" : "", word ? word : "", word ? "'" : "");
	err_hint(p->err, "see SYSTEM CALL FILTER in lxc.container.conf(5)");
	return -EINVAL;
}

/* ---- actions ---- */

/* Found by their first letters, as LXC does; the longer of two comes first. */
static const struct action {
	char word[16];
	uint32_t value;
	enum { NO_NUMBER, MAY_NUMBER, NEEDS_NUMBER } number;
} actions[] = {
	{ "allow", SECCOMP_RET_ALLOW, NO_NUMBER },
	{ "errno", SECCOMP_RET_ERRNO, NEEDS_NUMBER },
	{ "kill_process", SECCOMP_RET_KILL_PROCESS, NO_NUMBER },
	{ "kill", SECCOMP_RET_KILL_THREAD, NO_NUMBER },
	{ "log", SECCOMP_RET_LOG, NO_NUMBER },
	{ "notify", SECCOMP_RET_USER_NOTIF, NO_NUMBER },
	{ "trace", SECCOMP_RET_TRACE, MAY_NUMBER },
	{ "trap", SECCOMP_RET_TRAP, NO_NUMBER },
};

static const struct action *find_action(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (str_starts_with(text, actions[i].word))
			return &actions[i];
	return NULL;
}

/* The decimal number in front of @text, -ERANGE when it is above @max; -EINVAL: there is none. */
static int leading_number(const char *text, unsigned long max, uint32_t *ret_number)
{
	unsigned long number;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	number = strtoul(text, NULL, 10);
	if (number > max)
		return -ERANGE;
	*ret_number = (uint32_t)number;
	return 0;
}

static int parse_action(const struct parser *p, const char *text, uint32_t *ret_action)
{
	const struct action *action = find_action(text);
	uint32_t number = 0;
	int r;

	if (!action)
		return fail(p, "there is no action", text);
	if (action->value == SECCOMP_RET_USER_NOTIF && !p->target->may_notify)
		return fail(p, "'notify' needs somebody to ask, lxc.seccomp.notify.proxy", NULL);
	text += strlen(action->word);
	while (isalpha((unsigned char)*text) || *text == '_')
		text++;
	text += strspn(text, BLANKS);
	r = action->number == NO_NUMBER ? -EINVAL : leading_number(text, ERRNO_MAX, &number);
	if (r == -ERANGE)
		return fail(p, "the highest number of an action is 4095, not", text);
	if (r < 0 && action->number == NEEDS_NUMBER)
		return fail(p, "'errno' needs a number behind it", NULL);
	if (r == 0)
		text += strspn(text, "0123456789");
	text += strspn(text, BLANKS);
	/* LXC reads over it: a comparison without brackets would be none. */
	if (*text)
		return fail(p, "unexpected behind the action:", text);
	*ret_action = action->value | number;
	return 0;
}

/* Calls that our own way to the exec makes when nobody can answer for them yet. */
static int check_notify(const struct parser *p, const char *name, uint32_t action)
{
	if (action == SECCOMP_RET_USER_NOTIF && strcmp(name, "sendmsg") == 0)
		return fail(p, "'notify' cannot be for the call that hands the filter over,", name);
	return 0;
}

/* ---- comparisons of arguments ---- */

/* The numbers are those of libseccomp's enum scmp_compare. */
static const struct {
	char word[20], sign[4];
	int value;
} ops[] = {
	{ "SCMP_CMP_NE", "!=", 1 },        { "SCMP_CMP_LT", "<", 2 },  { "SCMP_CMP_LE", "<=", 3 },
	{ "SCMP_CMP_EQ", "==", 4 },        { "SCMP_CMP_GE", ">=", 5 }, { "SCMP_CMP_GT", ">", 6 },
	{ "SCMP_CMP_MASKED_EQ", "&=", 7 },
};

static int find_op(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(word, ops[i].word) == 0 || strcmp(word, ops[i].sign) == 0)
			return ops[i].value;
	return 0;
}

/* Without the blanks around it, in place. */
static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* "index,value,op[,mask]", what stands in one pair of brackets. @seen: bits of the indices so far,
 * since libseccomp takes each argument once. */
static int parse_arg(struct parser *p, char *text, unsigned int *seen)
{
	char *fields[4] = { NULL, NULL, NULL, NULL };
	uint64_t value, mask = 0;
	uint32_t index;
	size_t n = 0;
	int op;

	while (text && n < ARRAY_SIZE(fields))
		fields[n++] = trim(strsep(&text, ","));
	if (n < 3 || text)
		return fail(p, "a comparison is [index,value,op] or [index,value,op,mask]", NULL);
	if (num_parse_c32(fields[0], &index) < 0 || index >= ARGS_MAX)
		return fail(p, "arguments of system calls are numbered from 0 to 5, not",
		            fields[0]);
	if (*seen & (1U << index))
		return fail(p, "this rule compares an argument twice, number", fields[0]);
	*seen |= 1U << index;
	op = find_op(fields[2]);
	if (!op)
		return fail(p, "there is no comparison", fields[2]);
	if (num_parse_c64(fields[1], &value) < 0)
		return fail(p, "not a number of 64 bits:", fields[1]);
	if (fields[3] && num_parse_c64(fields[3], &mask) < 0)
		return fail(p, "not a number of 64 bits:", fields[3]);
	text_addf(&p->out, " %u %d 0x%llx 0x%llx", index, op, (unsigned long long)value,
	          (unsigned long long)mask);
	return 0;
}

/* @text: behind the first '['. */
static int parse_args(struct parser *p, char *text)
{
	unsigned int seen = 0;

	for (;;) {
		char *end = strchr(text, ']');
		int r;

		if (!end)
			return fail(p, "a '[' is not closed", NULL);
		*end = '\0';
		r = parse_arg(p, text, &seen);
		if (r < 0)
			return r;
		text = trim(end + 1);
		if (!*text)
			return 0;
		if (*text++ != '[')
			return fail(p, "unexpected behind ']':", text - 1);
	}
}

/* ---- lines of version 2 ---- */

/* Which hosts can run programs of an architecture. LXC's rule, kept because policies rely on it:
 * such a header does not restrict the rules below it to that architecture. They count for all that
 * the host runs, or, where it does not run this one, for none. */
static const struct {
	char header[16], hosts[2][16];
} archs[] = {
	{ "x86", { "x86", "x86_64" } },
	{ "x86_64", { "x86_64" } },
	{ "x32", { "x86_64" } },
	{ "arm", { "arm", "arm64" } },
	{ "arm64", { "arm64" } },
	{ "ppc", { "ppc", "ppc64" } },
	{ "ppc64", { "ppc64" } },
	{ "ppc64le", { "ppc64le" } },
	{ "mips", { "mips", "mips64" } },
	{ "mips64", { "mips64" } },
	{ "mips64n32", { "mips64" } },
	{ "mipsel", { "mipsel", "mipsel64" } },
	{ "mipsel64", { "mipsel64" } },
	{ "mipsel64n32", { "mipsel64" } },
	{ "s390", { "s390", "s390x" } },
	{ "s390x", { "s390x" } },
	{ "loongarch64", { "loongarch64" } },
};

static int parse_header(struct parser *p, char *line)
{
	char *end = strchr(line, ']');
	const char *word = line + 1;

	if (!end || end[1])
		return fail(p, "a section is a word in brackets, alone on its line, not", line);
	*end = '\0';
	if (strcasecmp(word, "all") == 0 || strcasecmp(word, "userns") == 0) {
		p->active = strcasecmp(word, "all") == 0 || p->target->userns;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		if (strcasecmp(word, archs[i].header) != 0)
			continue;
		p->active = strcmp(p->target->host, archs[i].hosts[0]) == 0 ||
		            strcmp(p->target->host, archs[i].hosts[1]) == 0;
		return 0;
	}
	return fail(p, "there is no section", word);
}

/* Words in place of a call's name. */
static int parse_newest(struct parser *p, const char *rest)
{
	uint32_t number;

	if (leading_number(rest, INT32_MAX, &number) < 0)
		return fail(p, "'reject_calls_above' needs the number of a system call", NULL);
	if (p->active)
		text_addf(&p->out, "newest %u\n", number);
	return 0;
}

static int parse_umount(struct parser *p, const char *rest)
{
	(void)rest;
	if (p->active) /* EACCES for MNT_FORCE in the flags */
		text_addf(&p->out, "rule umount2 0x%x 1 7 0x1 0x1\n", SECCOMP_RET_ERRNO | EACCES);
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(struct parser *p, const char *rest);
} words[] = {
	{ "reject_calls_above", parse_newest },
	{ "reject_force_umount", parse_umount },
};

static bool is_call(const char *name)
{
	for (const char *s = name; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	return *name && !isdigit((unsigned char)*name);
}

static int parse_rule(struct parser *p, const char *name, char *rest)
{
	char *args = strchr(rest, '[');
	uint32_t action = p->rule_action;
	size_t start = p->out.len;
	int r;

	if (!is_call(name))
		return fail(p, "not the name of a system call:", name);
	if (args) {
		*args++ = '\0';
		rest = trim(rest);
		if (!*rest)
			return fail(p, "comparisons need an action in front of them", NULL);
	}
	r = *rest ? parse_action(p, rest, &action) : 0;
	if (r == 0)
		r = check_notify(p, name, action);
	if (r < 0)
		return r;
	text_addf(&p->out, "rule %s 0x%x", name, action);
	if (args)
		r = parse_args(p, args);
	text_add(&p->out, "\n");
	if (!p->active && !p->out.failed) { /* read for its mistakes alone */
		p->out.len = start;
		p->out.data[start] = '\0';
	}
	return r;
}

static int parse_line_2(struct parser *p, char *line)
{
	char *rest;

	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	if (!*line)
		return 0;
	if (*line == '[')
		return parse_header(p, line);
	rest = line + strcspn(line, BLANKS "[");
	if (*rest == '[') /* glued to the name */
		return fail(p, "comparisons need an action in front of them", NULL);
	if (*rest)
		*rest++ = '\0';
	rest = trim(rest);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(line, words[i].name) == 0)
			return words[i].parse(p, rest);
	return parse_rule(p, line, rest);
}

/* The word that says what the list is, and maybe an action for what it does not name. */
static int begin_2(struct parser *p, char *line)
{
	static const struct {
		const char *word;
		uint32_t unlisted, listed;
	} kinds[] = {
		{ "allowlist", SECCOMP_RET_KILL_THREAD, SECCOMP_RET_ALLOW },
		{ "whitelist", SECCOMP_RET_KILL_THREAD, SECCOMP_RET_ALLOW },
		{ "denylist", SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_THREAD },
		{ "blacklist", SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_THREAD },
	};
	uint32_t unlisted;
	size_t kind = 0;
	char *rest;

	while (kind < ARRAY_SIZE(kinds) && !str_starts_with(line, kinds[kind].word))
		kind++;
	if (kind == ARRAY_SIZE(kinds))
		return fail(p, "version 2 has 'denylist' or 'allowlist' here, not", line);
	unlisted = kinds[kind].unlisted;
	p->rule_action = kinds[kind].listed;
	line[strcspn(line, "#")] = '\0';
	rest = trim(line + strcspn(line, BLANKS));
	if (*rest) {
		int r = parse_action(p, rest, &unlisted);

		if (r < 0)
			return r;
	}
	if (unlisted == SECCOMP_RET_USER_NOTIF)
		return fail(p, "'notify' is for calls that have a rule, not for all others", NULL);
	text_addf(&p->out, "default 0x%x\n", unlisted);
	return 0;
}

/* ---- version 1: numbers of calls that are allowed, nothing else is ---- */

static int begin_1(struct parser *p, char *line)
{
	if (!strstr(line, "allowlist"))
		return fail(p, "version 1 has 'allowlist' here, not", line);
	text_addf(&p->out, "default 0x%x\nnative\n", SECCOMP_RET_KILL_THREAD);
	return 0;
}

static int parse_line_1(struct parser *p, char *line)
{
	uint32_t number;

	line = trim(line);
	if (leading_number(line, INT32_MAX, &number) < 0)
		return fail(p, "in version 1 each line is the number of a system call, not", line);
	text_addf(&p->out, "rule %u 0x%x\n", number, SECCOMP_RET_ALLOW);
	return 0;
}

/* ---- the file ---- */

static const struct {
	int (*begin)(struct parser *p, char *line);
	int (*line)(struct parser *p, char *line);
} versions[] = { { begin_1, parse_line_1 }, { begin_2, parse_line_2 } };

/* Blanks and empty lines, as far as one may stand where the next word is expected. */
static char *skip_space(struct parser *p, char *text)
{
	for (; isspace((unsigned char)*text); text++)
		p->line += *text == '\n';
	return text;
}

static int parse_text(struct parser *p, char *text)
{
	char *rest = skip_space(p, text), *line;
	uint32_t version;
	int r;

	if (leading_number(rest, ARRAY_SIZE(versions), &version) < 0 || version == 0)
		return fail(p, "the first line of a policy is its version, 1 or 2", NULL);
	rest = skip_space(p, rest + strspn(rest, "0123456789"));
	line = strsep(&rest, "\n");
	r = strstr(line, "debug") ? fail(p, "'debug' is not supported", NULL)
	                          : versions[version - 1].begin(p, trim(line));
	while (r == 0 && rest && *rest) {
		p->line++;
		line = strsep(&rest, "\n");
		r = versions[version - 1].line(p, line);
	}
	return r;
}

int seccomp_policy_parse(const char *text, const char *name, const struct seccomp_target *target,
                         char **ret_policy, struct err *err)
{
	_cleanup_free_ char *copy = strdup(text), *policy = NULL;
	struct parser p = { .name = name, .target = target, .line = 1, .active = true, .err = err };
	int r = copy ? parse_text(&p, copy) : err_oom(err);

	if (text_finish(&p.out, &policy) < 0 && r == 0)
		r = err_oom(err);
	if (r == 0)
		*ret_policy = take_ptr(policy);
	return r;
}

static bool line_notifies(const char *line)
{
	const char *name = line + strlen("rule ");

	return str_starts_with(line, "rule ") &&
	       strtoul(name + strcspn(name, " "), NULL, 16) == SECCOMP_RET_USER_NOTIF;
}

bool seccomp_policy_notifies(const char *policy)
{
	for (const char *line = policy; *line; line += strcspn(line, "\n") + 1)
		if (line_notifies(line))
			return true;
	return false;
}

const char *seccomp_host(void)
{
#if defined(__x86_64__)
	return "x86_64";
#elif defined(__i386__)
	return "x86";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__arm__)
	return "arm";
#elif defined(__powerpc64__)
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "ppc64le" : "ppc64";
#elif defined(__powerpc__)
	return "ppc";
#elif defined(__mips64)
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "mipsel64" : "mips64";
#elif defined(__mips__)
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "mipsel" : "mips";
#elif defined(__s390x__)
	return "s390x";
#elif defined(__s390__)
	return "s390";
#elif defined(__loongarch64)
	return "loongarch64";
#else
	return "other"; /* no section names it: [all] and rules in front of any do */
#endif
}
