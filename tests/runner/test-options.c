/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line: what is accepted, what is refused and how it is said. */
/* The program itself is no library: its files are part of this test. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../runner/help.c"
#include "../../runner/options.c"
#include "../../runner/output.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct args {
	bool on;
	const char *text;
	struct strv list;
	int seconds;
	int64_t id;
};

#define ARGS_FIELD(member) offsetof(struct args, member)

static const struct option_row rows[] = {
	OPTION("all", 'a', "", option_true, ARGS_FIELD(on), "", "a flag"),
	OPTION("none", 0, "", option_false, ARGS_FIELD(on), "", "its opposite"),
	OPTION("file", 'f', "FILE", option_text, ARGS_FIELD(text), "", "a text"),
	OPTION("file-again", 0, "[FILE]", option_text, ARGS_FIELD(text), "", "an optional text"),
	OPTION("item", 'i', "ITEM", option_list, ARGS_FIELD(list), "", "a list\nin two lines"),
	OPTION("set", 's', "NAME=VALUE", option_define, ARGS_FIELD(list), "", "a definition"),
	OPTION("timeout", 't', "SECONDS", option_seconds, ARGS_FIELD(seconds), "", "seconds"),
	OPTION("uid", 'u', "UID", option_id, ARGS_FIELD(id), "", "an id"),
	OPTION("later", 0, "X", option_refused, 0, "", "something"),
	OPTION("logfile", 0, "X", option_text, ARGS_FIELD(text), "", "instead of the common one"),
	{},
};

#define MAX_WORDS 12

/* One call: its words, the exit code, stdout and stderr. */
struct call {
	struct command command;
	struct request req;
	struct args args;
	char *argv[MAX_WORDS + 1];
	int code;
	char out[8192], err[2048];
};

static void redirect(int fd, int *ret_saved, int *ret_file)
{
	char name[] = "/tmp/test-options.XXXXXX";

	*ret_saved = dup(fd);
	*ret_file = mkstemp(name);
	assert_true(*ret_saved >= 0 && *ret_file >= 0);
	(void)unlink(name);
	assert_int_equal(dup2(*ret_file, fd), fd);
}

static void restore(int fd, int saved, int file, char *text, size_t size)
{
	ssize_t n = pread(file, text, size - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(dup2(saved, fd), fd);
	(void)close(saved);
	(void)close(file);
}

/* @words: split at blanks; "''" is the empty word. */
static void call_run(struct call *call, unsigned int flags, const char *words)
{
	static char copy[512];
	int out_saved, out_file, err_saved, err_file;
	size_t n = 0;

	*call = (struct call){
		.command = { .name = "test",
		             .purpose = "Test",
		             .synopsis = "NAME",
		             .verb = "test",
		             .options = rows,
		             .flags = flags },
		.req = { .prog = "lxc-test" },
	};
	call->req.command = &call->command;
	(void)snprintf(copy, sizeof(copy), "lxc-test %s", words);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		assert_true(n < MAX_WORDS);
		call->argv[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	call->req.argc = (int)n;
	call->req.argv = call->argv;
	redirect(STDOUT_FILENO, &out_saved, &out_file);
	redirect(STDERR_FILENO, &err_saved, &err_file);
	call->code = options_parse(&call->req, &call->args);
	restore(STDERR_FILENO, err_saved, err_file, call->err, sizeof(call->err));
	restore(STDOUT_FILENO, out_saved, out_file, call->out, sizeof(call->out));
}

static void call_done(struct call *call)
{
	strv_done(&call->args.list);
}

#define ALL (COMMAND_NAME | COMMAND_STORE | COMMAND_WORDS)
#define HINT "hint: see 'lxc-test --help'\n"

static void test_refused(void **state)
{
	static const struct {
		const char *words, *err;
	} cases[] = {
		{ "", "no container name specified\n" HINT },
		{ "c --nope", "unknown option '--nope'\n" HINT },
		{ "c --nope=3", "unknown option '--nope=3'\n" HINT },
		{ "c -z", "unknown option '-z'\n" HINT },
		{ "c -az", "unknown option '-z'\n" HINT },
		{ "c --log", "option '--log' is ambiguous: --logfile, --logpriority\n" HINT },
		{ "c --all=3", "option '--all' takes no argument\n" HINT },
		{ "c -f", "option '-f' needs an argument\n" HINT },
		{ "c --item", "option '--item' needs an argument\n" HINT },
		{ "c -s A", "'--set' takes NAME=VALUE, not 'A'\n" HINT },
		{ "c -s =A", "'--set' takes NAME=VALUE, not '=A'\n" HINT },
		{ "c -t x",
		  "'--timeout' takes a number of seconds, or -1 for ever, not 'x'\n" HINT },
		{ "c -t -2",
		  "'--timeout' takes a number of seconds, or -1 for ever, not '-2'\n" HINT },
		{ "c -t ''",
		  "'--timeout' takes a number of seconds, or -1 for ever, not ''\n" HINT },
		{ "c -u -1", "'--uid' takes a numeric id, not '-1'\n" HINT },
		{ "c -u 4294967295", "'--uid' takes a numeric id, not '4294967295'\n" HINT },
		{ "c -u root", "'--uid' takes a numeric id, not 'root'\n" HINT },
		{ "c --later 3", "'--later' is not supported yet: something\n" HINT },
		{ "c -P a -P b", "'--lxcpath' was given twice\n" HINT },
		{ "c --rcfile x", "'--rcfile' has no meaning here: this command reads no other "
		                  "configuration\n" HINT },
		{ "c --format xml", "'--format' takes json or text, not 'xml'\n" HINT },
		{ "c -o x", "unknown option '-o'\n" HINT },
	};
	struct call call;
	char want[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* The test's own logfile has no letter, so the common -o is not there. */
		call_run(&call, ALL, cases[i].words);
		(void)snprintf(want, sizeof(want), "lxc-test: %s", cases[i].err);
		assert_string_equal(call.err, want);
		assert_string_equal(call.out, "");
		assert_int_equal(call.code, 1);
		call_done(&call);
	}
}

static void test_accepted(void **state)
{
	static const struct {
		const char *words, *name, *rest, *text, *items;
		bool on;
	} cases[] = {
		{ "c", "c", "", NULL, "", false },
		{ "-n c", "c", "", NULL, "", false },
		{ "-n c a b", "c", "a b", NULL, "", false },
		{ "c a b", "c", "a b", NULL, "", false },
		{ "c -a", "c", "", NULL, "", true },
		{ "c -a --none", "c", "", NULL, "", false },
		{ "-a c -f x y", "c", "y", "x", "", true },
		{ "c --file=x", "c", "", "x", "", false },
		{ "c -fx", "c", "", "x", "", false },
		{ "c --file x", "c", "", "x", "", false },
		{ "c --file-a=x", "c", "", "x", "", false },
		{ "c --file-again x", "c", "x", NULL, "", false },
		{ "c -i a --item=b -i c", "c", "", NULL, "a b c", false },
		{ "c -s A=b -s C=d=e", "c", "", NULL, "A=b C=d=e", false },
		{ "c -- -a --nope", "c", "-a --nope", NULL, "", false },
		{ "c ls -a x", "c", "ls x", NULL, "", true },
		{ "-- -c", "-c", "", NULL, "", false },
		{ "c --logfile=own", "c", "", "own", "", false },
		{ "c -qP /p -l DEBUG --format json", "c", "", NULL, "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct call call;
		char rest[256] = "", items[256] = "";

		call_run(&call, ALL, cases[i].words);
		assert_int_equal(call.code, OPTIONS_GO);
		assert_string_equal(call.err, "");
		assert_string_equal(call.req.name, cases[i].name);
		for (size_t j = 0; j < call.req.n_words; j++)
			(void)sprintf(rest + strlen(rest), "%s%s", j ? " " : "", call.req.words[j]);
		assert_string_equal(rest, cases[i].rest);
		assert_null(call.req.words[call.req.n_words]);
		for (size_t j = 0; j < call.args.list.n; j++)
			(void)sprintf(items + strlen(items), "%s%s", j ? " " : "",
			              call.args.list.items[j]);
		assert_string_equal(items, cases[i].items);
		assert_int_equal(call.args.on, cases[i].on);
		if (cases[i].text)
			assert_string_equal(call.args.text, cases[i].text);
		else
			assert_null(call.args.text);
		call_done(&call);
	}
}

static void test_common(void **state)
{
	struct call call;

	(void)state;
	call_run(&call, ALL, "c -q -P /p --logpriority=DEBUG --format=json -t -1 -u 0");
	assert_int_equal(call.code, OPTIONS_GO);
	assert_true(call.req.quiet);
	assert_true(call.req.json);
	assert_string_equal(call.req.lxcpath, "/p");
	assert_string_equal(call.req.loglevel, "DEBUG");
	assert_int_equal(call.args.seconds, -1);
	assert_int_equal(call.args.id, 0);
	call_run(&call, ALL, "c -t 30 -u 4294967294 --format text");
	assert_int_equal(call.args.seconds, 30);
	assert_int_equal(call.args.id, 4294967294);
	assert_false(call.req.json);
}

static void test_kinds_of_commands(void **state)
{
	struct call call;

	(void)state;
	call_run(&call, COMMAND_STORE | COMMAND_WORDS, "a b");
	assert_int_equal(call.code, OPTIONS_GO);
	assert_null(call.req.name);
	assert_int_equal(call.req.n_words, 2);
	call_run(&call, COMMAND_STORE, "-n c");
	assert_string_equal(call.err, "lxc-test: unknown option '-n'\n" HINT);
	call_run(&call, 0, "-P c");
	assert_string_equal(call.err, "lxc-test: unknown option '-P'\n" HINT);
	call_run(&call, COMMAND_WORDS | COMMAND_FIRST, "-a ls -l --help");
	assert_int_equal(call.code, OPTIONS_GO);
	assert_int_equal(call.req.n_words, 3);
	assert_string_equal(call.req.words[1], "-l");
	call_run(&call, COMMAND_NAME | COMMAND_STORE, "c junk");
	assert_int_equal(call.code, OPTIONS_GO);
	assert_string_equal(call.err, "lxc-test: ignoring 'junk': no more words are expected\n");
	call_run(&call, COMMAND_NAME | COMMAND_STORE, "-q c junk");
	assert_string_equal(call.err, "");
}

static void test_json_errors(void **state)
{
	struct call call;

	(void)state;
	call_run(&call, ALL, "c --format json --nope");
	assert_int_equal(call.code, 1);
	assert_string_equal(call.err,
	                    "{\"command\":\"lxc-test\",\"error\":\"unknown option '--nope'\","
	                    "\"hint\":\"see 'lxc-test --help'\",\"code\":-22}\n");
	call_run(&call, ALL, "c -q --nope");
	assert_int_equal(call.code, 1);
	assert_string_equal(call.err, "");
}

static void test_help(void **state)
{
	static const char *const ways[] = { "-h", "-?", "--help", "--he", "c -a -h --nope" };
	struct call call;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		call_run(&call, ALL, ways[i]);
		assert_int_equal(call.code, 0);
		assert_true(call.req.helped);
		assert_string_equal(call.err, "");
		assert_non_null(strstr(call.out, "Usage: lxc-test NAME\n\nTest.\n\nOptions :\n"
		                                 "  -n, --name=NAME "));
		assert_non_null(strstr(call.out, "\n      --file-again[=FILE]"));
		assert_non_null(strstr(call.out, "\nCommon options :\n"));
		assert_null(strstr(call.out, "rcfile"));
		assert_null(strstr(call.out, "append the log"));
	}
	call_run(&call, ALL, "--version");
	assert_int_equal(call.code, 0);
	assert_int_equal(strncmp(call.out, rlxc_version(), strlen(rlxc_version())), 0);
	assert_string_equal(call.out + strlen(rlxc_version()), "\n");
	assert_false(call.req.helped);
}

static void test_usage(void **state)
{
	struct call call;

	(void)state;
	call_run(&call, 0, "--usage");
	assert_int_equal(call.code, 0);
	assert_string_equal(
		call.out,
		"Usage: lxc-test [-a|--all] [--none] [-f|--file=FILE] [--file-again[=FILE-AGAIN]] "
		"\n"
		"\t[-i|--item=ITEM] [-s|--set=SET] [-t|--timeout=TIMEOUT] [-u|--uid=UID] \n"
		"\t[--later=LATER] [--logfile=LOGFILE] [--format=FORMAT] [-h|--help] \n"
		"\t[-?|--help] [--usage] [--version] \n");
}

static void print_and_catch(struct call *call, const struct rlxc_err *err)
{
	int saved, file;

	redirect(STDERR_FILENO, &saved, &file);
	assert_int_equal(output_failed(&call->req, err), 1);
	restore(STDERR_FILENO, saved, file, call->err, sizeof(call->err));
}

static void test_errors(void **state)
{
	static const struct {
		struct rlxc_err err;
		const char *text;
	} cases[] = {
		{ { -EPERM, "cannot mount '/proc'", "try it" },
		  "lxc-test: cannot test 'c': cannot mount '/proc'\nhint: try it\n" },
		{ { -EPERM, "container 'c' is not running", "" },
		  "lxc-test: container 'c' is not running\n" },
		{ { -EPERM, "container 'cc' is not running", "" },
		  "lxc-test: cannot test 'c': container 'cc' is not running\n" },
		{ { -EPERM, "odd \033[1m name", "" },
		  "lxc-test: cannot test 'c': odd \\x1b[1m name\n" },
		{ { -ENOENT, "", "" }, "lxc-test: cannot test 'c': No such file or directory\n" },
	};
	struct call call;

	(void)state;
	call_run(&call, ALL, "c");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_and_catch(&call, &cases[i].err);
		assert_string_equal(call.err, cases[i].text);
	}
	call.req.json = true;
	print_and_catch(&call, &cases[0].err);
	assert_string_equal(call.err,
	                    "{\"command\":\"lxc-test\",\"error\":\"cannot test 'c': cannot "
	                    "mount '/proc'\",\"hint\":\"try it\",\"code\":-1}\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),     cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_common),      cmocka_unit_test(test_kinds_of_commands),
		cmocka_unit_test(test_json_errors), cmocka_unit_test(test_help),
		cmocka_unit_test(test_usage),       cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
