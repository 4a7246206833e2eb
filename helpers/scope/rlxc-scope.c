/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a systemd manager for a delegated scope and has a process moved into it.
 *
 *	rlxc-scope bus|direct STEM PID DESCRIPTION
 *
 * Standard input is a connection, made and checked by who calls: to a message bus, or to the
 * manager itself. The unit is STEM.scope, and STEM-1.scope to STEM-999.scope when that is taken.
 * The answer is a line on standard output: the scope's cgroup, else why there is none. Exit
 * status: 0; 1 refused; 2 wrong words; 3 without libsystemd; 4 nobody there who manages units;
 * 5 not permitted; 6 no answer within 5 s.
 *
 * sd-bus comes by dlopen: where systemd is not installed this is simply no way to a cgroup. The
 * scope lives as long as there is a process in it: whatever ends us, there is nothing to undo. */
#include "base/num.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWERED, REFUSED, WRONG_WORDS, NO_LIBRARY, NO_MANAGER, DENIED, NO_ANSWER };

#define PATIENCE_S 5
#define STOP_USEC (10 * UINT64_C(1000000)) /* the monitor kills after 8 s */
#define STOP_SIGNAL SIGURG                 /* for the monitor; all others ignore it */
#define TRIES 1000                         /* the plain name, then -1 to -999 */
#define UNIT_MAX 256                       /* systemd's own bound, with NUL */

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER SYSTEMD ".Manager"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"

/* The calls of sd-bus(3) that we use; its header need not be there when we are built. */
struct sd_bus;
struct sd_message;

struct sd_error {
	const char *name, *message;
	int need_free;
};

struct sd {
	int (*bus_new)(struct sd_bus **ret_bus);
	int (*bus_set_fd)(struct sd_bus *bus, int in, int out);
	int (*bus_set_bus_client)(struct sd_bus *bus, int on);
	int (*bus_start)(struct sd_bus *bus);
	int (*bus_call_method)(struct sd_bus *bus, const char *whom, const char *path,
	                       const char *interface, const char *member, struct sd_error *error,
	                       struct sd_message **ret_reply, const char *types, ...);
	int (*bus_get_property_string)(struct sd_bus *bus, const char *whom, const char *path,
	                               const char *interface, const char *member,
	                               struct sd_error *error, char **ret_text);
	int (*bus_path_encode)(const char *prefix, const char *name, char **ret_path);
	int (*bus_process)(struct sd_bus *bus, struct sd_message **ret_message);
	int (*bus_wait)(struct sd_bus *bus, uint64_t usec);
	int (*bus_message_read)(struct sd_message *message, const char *types, ...);
	int (*bus_message_is_signal)(struct sd_message *message, const char *interface,
	                             const char *member);
	const char *(*bus_message_get_sender)(struct sd_message *message);
	struct sd_message *(*bus_message_unref)(struct sd_message *message);
	int (*bus_error_set_errno)(struct sd_error *error, int number);
};

static bool sd_open(struct sd *ret_sd)
{
#define CALL(name)                                                                                 \
	{                                                                                          \
		"sd_" #name, offsetof(struct sd, name)                                             \
	}
	static const struct {
		const char *name;
		size_t offset;
	} calls[] = {
		CALL(bus_new),
		CALL(bus_set_fd),
		CALL(bus_set_bus_client),
		CALL(bus_start),
		CALL(bus_call_method),
		CALL(bus_get_property_string),
		CALL(bus_path_encode),
		CALL(bus_process),
		CALL(bus_wait),
		CALL(bus_message_read),
		CALL(bus_message_is_signal),
		CALL(bus_message_get_sender),
		CALL(bus_message_unref),
		CALL(bus_error_set_errno),
	};
	void *lib = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; lib && i < sizeof(calls) / sizeof(calls[0]); i++) {
		void *call = dlsym(lib, calls[i].name);

		if (!call)
			return false;
		memcpy((char *)ret_sd + calls[i].offset, &call, sizeof(call));
	}
	return lib;
}

/* One request, and how far it got. */
struct request {
	const char *stem, *description;
	uint32_t pid;
	bool by_bus;

	const struct sd *sd;
	struct sd_bus *bus;
	char unit[UNIT_MAX];
	struct sd_message *reply; /* to StartTransientUnit */
};

/* What an error means to who asked us; the first row that the name begins with counts. Those of
 * sd-bus itself have such names, too. */
static int status_of(const char *name)
{
	static const struct {
		const char *name;
		int status;
	} errors[] = {
		{ "org.freedesktop.DBus.Error.AccessDenied", DENIED },
		{ "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", DENIED },
		{ "org.freedesktop.DBus.Error.Disconnected", NO_MANAGER },
		{ "org.freedesktop.DBus.Error.NameHasNoOwner", NO_MANAGER },
		{ "org.freedesktop.DBus.Error.ServiceUnknown", NO_MANAGER },
		{ "org.freedesktop.DBus.Error.Spawn.", NO_MANAGER },
		{ "System.Error.ECONNRESET", NO_MANAGER },
		{ "System.Error.ENOTCONN", NO_MANAGER },
		{ "System.Error.EPIPE", NO_MANAGER },
		{ "org.freedesktop.DBus.Error.NoReply", NO_ANSWER },
		{ "org.freedesktop.DBus.Error.Time", NO_ANSWER }, /* Timeout, TimedOut */
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strncmp(name, errors[i].name, strlen(errors[i].name)) == 0)
			return errors[i].status;
	return REFUSED;
}

static int say_error(const struct sd_error *error)
{
	const char *words = error->message && *error->message ? error->message : error->name;

	(void)printf("%.600s\n", words ? words : "no reason is given");
	return error->name ? status_of(error->name) : REFUSED;
}

static int say_errno(const struct request *request, int r)
{
	struct sd_error error = {};

	(void)request->sd->bus_error_set_errno(&error, r);
	return say_error(&error);
}

static int connection_start(struct request *request)
{
	const struct sd *sd = request->sd;
	int r;

	r = sd->bus_new(&request->bus);
	if (r >= 0)
		r = sd->bus_set_fd(request->bus, STDIN_FILENO, STDIN_FILENO);
	if (r >= 0)
		r = sd->bus_set_bus_client(request->bus, request->by_bus);
	if (r >= 0)
		r = sd->bus_start(request->bus);
	return r < 0 ? say_errno(request, r) : ANSWERED;
}

/* The manager tells nobody that a job ended before somebody wants to know. */
static int subscribe(struct request *request)
{
	static const char match[] = "type='signal',sender='" SYSTEMD "',path='" SYSTEMD_PATH "',"
				    "interface='" MANAGER "',member='JobRemoved'";
	const struct sd *sd = request->sd;
	struct sd_error error = {};
	int r = 0;

	if (request->by_bus)
		r = sd->bus_call_method(request->bus, "org.freedesktop.DBus",
		                        "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch",
		                        &error, NULL, "s", match);
	if (r >= 0)
		r = sd->bus_call_method(request->bus, SYSTEMD, SYSTEMD_PATH, MANAGER, "Subscribe",
		                        &error, NULL, NULL);
	return r < 0 ? say_error(&error) : ANSWERED;
}

static int start_unit(struct request *request, struct sd_error *error)
{
	/* clang-format off */
	return request->sd->bus_call_method(
		request->bus, SYSTEMD, SYSTEMD_PATH, MANAGER, "StartTransientUnit", error,
		&request->reply, "ssa(sv)a(sa(sv))", request->unit, "fail",
		/* properties */ 6,
		"Description", "s", request->description,
		"Delegate", "b", 1,
		"CollectMode", "s", "inactive-or-failed",
		"TimeoutStopUSec", "t", STOP_USEC,
		"KillSignal", "i", STOP_SIGNAL,
		"PIDs", "au", 1, request->pid,
		/* other units */ 0);
	/* clang-format on */
}

static int start_free_unit(struct request *request)
{
	struct sd_error error = {};
	int r;

	(void)snprintf(request->unit, UNIT_MAX, "%s.scope", request->stem);
	for (unsigned int n = 1; n <= TRIES; n++) {
		error = (struct sd_error){};
		r = start_unit(request, &error);
		if (r >= 0)
			return ANSWERED;
		if (!error.name || strcmp(error.name, SYSTEMD ".UnitExists") != 0)
			break;
		(void)snprintf(request->unit, UNIT_MAX, "%s-%u.scope", request->stem, n);
	}
	return say_error(&error);
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Is @message the end of our job, said by whom we asked? On a bus others can send signals. */
static const char *job_result(const struct request *request, const char *job,
                              struct sd_message *message)
{
	const struct sd *sd = request->sd;
	const char *path, *unit, *result;
	uint32_t id;

	if (sd->bus_message_is_signal(message, MANAGER, "JobRemoved") <= 0 ||
	    (request->by_bus && !same_text(sd->bus_message_get_sender(message),
	                                   sd->bus_message_get_sender(request->reply))) ||
	    sd->bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
		return NULL;
	return strcmp(path, job) == 0 ? result : NULL;
}

static int wait_for_job(const struct request *request)
{
	const struct sd *sd = request->sd;
	const char *job, *result = NULL;
	int r;

	r = sd->bus_message_read(request->reply, "o", &job);
	while (r >= 0) {
		struct sd_message *message = NULL;

		r = sd->bus_process(request->bus, &message);
		if (message)
			result = job_result(request, job, message);
		if (result && strcmp(result, "done") == 0)
			return ANSWERED;
		if (result) {
			(void)printf("the start of %s ends as '%s'\n", request->unit, result);
			return REFUSED;
		}
		if (message)
			(void)sd->bus_message_unref(message);
		if (r == 0)
			r = sd->bus_wait(request->bus, UINT64_MAX);
	}
	return say_errno(request, r);
}

static int print_cgroup(const struct request *request)
{
	const struct sd *sd = request->sd;
	struct sd_error error = {};
	char *path, *cgroup;
	int r;

	r = sd->bus_path_encode(SYSTEMD_PATH "/unit", request->unit, &path);
	if (r < 0)
		return say_errno(request, r);
	r = sd->bus_get_property_string(request->bus, SYSTEMD, path, SYSTEMD ".Scope",
	                                "ControlGroup", &error, &cgroup);
	if (r < 0)
		return say_error(&error);
	if (!*cgroup) {
		(void)printf("%s has no cgroup\n", request->unit);
		return REFUSED;
	}
	return printf("%s\n", cgroup) < 0 ? REFUSED : ANSWERED;
}

static int ask(struct request *request)
{
	int r;

	r = connection_start(request);
	if (r == ANSWERED)
		r = subscribe(request);
	if (r == ANSWERED)
		r = start_free_unit(request);
	if (r == ANSWERED)
		r = wait_for_job(request);
	return r == ANSWERED ? print_cgroup(request) : r;
}

/* However the library waits. What is printed so far is in a buffer and goes nowhere. */
static void out_of_time(int sig)
{
	static const char words[] = "it does not answer\n";

	(void)sig;
	(void)!write(STDOUT_FILENO, words, sizeof(words) - 1);
	_exit(NO_ANSWER);
}

static bool parse_words(int argc, char **argv, struct request *ret_request)
{
	if (argc != 5)
		return false;
	*ret_request = (struct request){
		.stem = argv[2],
		.description = argv[4],
		.by_bus = strcmp(argv[1], "bus") == 0,
	};
	return (ret_request->by_bus || strcmp(argv[1], "direct") == 0) && *argv[2] &&
	       strlen(argv[2]) + sizeof("-999.scope") <= UNIT_MAX &&
	       num_parse_u32(argv[3], &ret_request->pid) == 0 && ret_request->pid > 0;
}

int main(int argc, char **argv)
{
	struct request request;
	struct sd sd;
	int status = NO_LIBRARY;

	if (!parse_words(argc, argv, &request)) {
		(void)fprintf(stderr, "usage: rlxc-scope bus|direct STEM PID DESCRIPTION\n");
		return WRONG_WORDS;
	}
	if (signal(SIGALRM, out_of_time) != SIG_ERR)
		(void)alarm(PATIENCE_S);
	request.sd = &sd;
	if (sd_open(&sd))
		status = ask(&request);
	else
		(void)printf("libsystemd.so.0 is not there, or too old\n");
	/* What the library holds ends with the process. */
	_exit(fflush(stdout) == 0 ? status : REFUSED);
}
