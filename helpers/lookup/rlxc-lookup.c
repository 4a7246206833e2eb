/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the name service and libsubid, for users that the files of the host do not know.
 *
 *	rlxc-lookup uid N           a line of passwd(5)
 *	rlxc-lookup name NAME       the same
 *	rlxc-lookup subuid NAME     subordinate ids, a line "FIRST COUNT" each
 *	rlxc-lookup subgid NAME
 *
 * Both open modules of whatever directory service the host uses. In a program of their own they
 * cost nothing where nobody asks, and rlxc itself can be a static program. Exit status: 0; 1 when
 * there is nobody of that name, or no answer; 2 for wrong words; 3 without a libsubid that we
 * know. */
#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { ANSWERED, NO_ANSWER, WRONG_WORDS, NO_LIBRARY };

static int print_passwd(const struct passwd *entry)
{
	if (!entry)
		return NO_ANSWER;
	return printf("%s:x:%u:%u::%s:%s\n", entry->pw_name, entry->pw_uid, entry->pw_gid,
	              entry->pw_dir ? entry->pw_dir : "",
	              entry->pw_shell ? entry->pw_shell : "") < 0
	               ? NO_ANSWER
	               : ANSWERED;
}

static int by_uid(const char *text)
{
	unsigned long uid;
	char *end;

	errno = 0;
	uid = strtoul(text, &end, 10);
	if (errno || end == text || *end || uid >= (uid_t)-1)
		return WRONG_WORDS;
	return print_passwd(getpwuid((uid_t)uid));
}

static int by_name(const char *name)
{
	return print_passwd(getpwnam(name));
}

/* The calls of libsubid changed their names with version 4 (shadow 4.10) and not their shape. */
struct lib_range {
	unsigned long start, count;
};

typedef bool (*lib_init_fn)(const char *progname, FILE *log);
typedef int (*lib_ranges_fn)(const char *owner, struct lib_range **ranges);

static void *lib_open(void)
{
	static const char *const names[] = { "libsubid.so.4", "libsubid.so.5", "libsubid.so.3",
		                             "libsubid.so" };
	void *lib = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !lib; i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	return lib;
}

/* Left alone the library complains on our stderr. */
static void lib_silence(void *lib)
{
	void *fn = dlsym(lib, "subid_init");
	FILE *nowhere;

	if (!fn)
		fn = dlsym(lib, "libsubid_init");
	nowhere = fn ? fopen("/dev/null", "we") : NULL;
	if (nowhere)
		(void)((lib_init_fn)fn)(NULL, nowhere);
}

static int sub_ids(const char *owner, const char *new_name, const char *old_name)
{
	struct lib_range *ranges = NULL;
	void *lib = lib_open(), *fn = NULL;
	int n;

	if (lib)
		fn = dlsym(lib, new_name);
	if (lib && !fn)
		fn = dlsym(lib, old_name);
	if (!fn)
		return NO_LIBRARY;
	lib_silence(lib);
	n = ((lib_ranges_fn)fn)(owner, &ranges);
	for (int i = 0; i < n; i++)
		if (printf("%lu %lu\n", ranges[i].start, ranges[i].count) < 0)
			n = -1;
	free(ranges);
	return n < 0 ? NO_ANSWER : ANSWERED;
}

static int subuids(const char *owner)
{
	return sub_ids(owner, "subid_get_uid_ranges", "get_subuid_ranges");
}

static int subgids(const char *owner)
{
	return sub_ids(owner, "subid_get_gid_ranges", "get_subgid_ranges");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*ask)(const char *whom);
	} questions[] = {
		{ "uid", by_uid }, { "name", by_name }, { "subuid", subuids }, { "subgid", subgids }
	};
	int r = WRONG_WORDS;

	for (size_t i = 0; argc == 3 && i < sizeof(questions) / sizeof(questions[0]); i++)
		if (strcmp(argv[1], questions[i].word) == 0)
			r = questions[i].ask(argv[2]);
	if (r == WRONG_WORDS)
		(void)fprintf(stderr, "usage: rlxc-lookup uid|name|subuid|subgid WHOM\n");
	return fflush(stdout) == 0 ? r : NO_ANSWER;
}
