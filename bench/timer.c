/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* timer ROUNDS GAP_MS HOME <peers >raw: times short commands, interleaved.
 *
 * Standard input has a peer a line, five columns with tabs between them:
 *	name  user  prepare  timed  clean-up
 * user is a login name, or "-" to stay root. A command is split at blanks; "%n" in it becomes a
 * number that is new in each run; prepare and clean-up may be empty and are not timed. Standard
 * output gets "name <TAB> milliseconds" for each run, "name <TAB> exit CODE" for a failed one.
 *
 * Each round runs every peer once, in an order shuffled anew, so that drift of the machine hits all
 * alike and nobody always follows the same other one: work that the kernel defers (ends of network
 * namespaces, grace periods) is paid by who comes next. A pause of GAP_MS before each timed command
 * shows a quiet host instead of a busy one. The command is started by vfork and exec: no shell and
 * no copy of page tables is in the time. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PEERS_MAX = 64, WORDS_MAX = 64, WARM_UP_ROUNDS = 2, FAILURES_MAX = 3 };

struct peer {
	char *name;
	char *commands[3]; /* prepare, timed, clean-up */
	int as_user;
	uid_t uid;
	gid_t gid;
	char *env[6];
	int failures;
};

static struct peer peers[PEERS_MAX];
static size_t n_peers;
static long serial;

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "timer: %s\n", what);
	exit(1);
}

/* A copy of @command with each %n replaced, in @buffer. */
static void expand(const char *command, char *buffer, size_t size)
{
	size_t used = 0;

	for (; *command; command++) {
		if (used + 32 > size)
			die("a command is too long");
		if (command[0] == '%' && command[1] == 'n') {
			used += (size_t)sprintf(buffer + used, "%ld", serial);
			command++;
		} else {
			buffer[used++] = *command;
		}
	}
	buffer[used] = 0;
}

/* Raw calls: libc's would look for other threads, and vfork has none of its own. */
static void become(const struct peer *peer)
{
	if (syscall(SYS_setgroups, 0, NULL) < 0 ||
	    syscall(SYS_setresgid, peer->gid, peer->gid, peer->gid) < 0 ||
	    syscall(SYS_setresuid, peer->uid, peer->uid, peer->uid) < 0)
		_exit(126);
}

/* Exit code of one command; its time in *@ret_ms. An empty one is done at once. */
static int run(const struct peer *peer, const char *command, double *ret_ms)
{
	char buffer[8192], *words[WORDS_MAX + 1], *save = NULL, *word;
	char **env = peer->as_user ? (char **)peer->env : environ;
	size_t n = 0;
	double start;
	pid_t pid;
	int status;

	expand(command, buffer, sizeof(buffer));
	for (word = strtok_r(buffer, " ", &save); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	words[n] = NULL;
	if (n == 0)
		return 0;
	start = now_ms();
	pid = vfork();
	if (pid == 0) {
		if (peer->as_user)
			become(peer);
		execvpe(words[0], words, env);
		_exit(127);
	}
	if (pid < 0)
		die("cannot fork");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*ret_ms = now_ms() - start;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void read_peer(char *line, const char *home)
{
	struct peer *peer = &peers[n_peers];
	char *columns[5];
	struct passwd *pw;

	for (size_t i = 0; i < 5; i++) {
		columns[i] = strsep(&line, "\t\n");
		if (!columns[i])
			die("a line has less than five columns");
	}
	peer->name = strdup(columns[0]);
	for (size_t i = 0; i < 3; i++)
		peer->commands[i] = strdup(columns[i + 2]);
	n_peers++;
	if (!strcmp(columns[1], "-"))
		return;
	pw = getpwnam(columns[1]);
	if (!pw)
		die("no such user");
	peer->as_user = 1;
	peer->uid = pw->pw_uid;
	peer->gid = pw->pw_gid;
	if (asprintf(&peer->env[0], "HOME=%s", home) < 0 ||
	    asprintf(&peer->env[1], "USER=%s", columns[1]) < 0 ||
	    asprintf(&peer->env[2], "XDG_RUNTIME_DIR=%s/run", home) < 0 ||
	    asprintf(&peer->env[3], "PATH=%s", getenv("PATH")) < 0)
		die("out of memory");
}

static void run_peer(struct peer *peer, FILE *out, int warm, unsigned int gap_ms)
{
	double ms = 0, ignored;
	int code;

	if (peer->failures >= FAILURES_MAX)
		return;
	serial++;
	run(peer, peer->commands[0], &ignored);
	usleep(gap_ms * 1000);
	code = run(peer, peer->commands[1], &ms);
	run(peer, peer->commands[2], &ignored);
	if (code != 0) {
		peer->failures++;
		fprintf(out, "%s\texit %d\n", peer->name, code);
	} else if (warm) {
		fprintf(out, "%s\t%.4f\n", peer->name, ms);
	}
}

static void shuffle(size_t *order)
{
	for (size_t i = 0; i < n_peers; i++)
		order[i] = i;
	for (size_t i = n_peers; i > 1; i--) {
		size_t j = (size_t)random() % i, swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

int main(int argc, char **argv)
{
	static char line[16384];
	size_t order[PEERS_MAX];
	int rounds, null;
	unsigned int gap_ms;
	FILE *out;

	if (argc != 4)
		die("usage: timer ROUNDS GAP_MS HOME <peers >raw");
	rounds = atoi(argv[1]);
	gap_ms = (unsigned int)atoi(argv[2]);
	while (n_peers < PEERS_MAX && fgets(line, sizeof(line), stdin))
		read_peer(line, argv[3]);

	/* The peers may chat; only our own lines reach the caller. */
	out = fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100), "w");
	null = open("/dev/null", O_RDWR);
	if (!out || null < 0)
		die("cannot set up descriptors");
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	serial = (long)getpid() * 100000;
	srandom(1);
	for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
		shuffle(order);
		for (size_t i = 0; i < n_peers; i++)
			run_peer(&peers[order[i]], out, round >= 0, gap_ms);
		fflush(out);
	}
	return 0;
}
