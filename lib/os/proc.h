/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_PROC_H
#define RLXC_OS_PROC_H

#include "base/err.h"

#include <linux/sched.h>
#include <stdint.h>
#include <sys/types.h>

/* fork(2) by clone3(2) with CLONE_CLEAR_SIGHAND and a pidfd. @flags: CLONE_*; @cgroup_fd: a
 * cgroup2 directory for CLONE_INTO_CGROUP, or -EBADF. Returns the pid, 0 in the child, or a
 * negative errno. */
pid_t proc_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd);

/* An id that our user namespace does not map is shown as this one. */
#define PROC_OVERFLOW_ID 65534

int pidfd_open_pid(pid_t pid);
int pidfd_kill(int pidfd, int sig);
/* Waits for the end of our child; the status is that of waitpid(2). */
int pidfd_wait(int pidfd, int *ret_status);
/* The same of any process that has ended and had that @pid: of a zombie, or with Linux 6.15 of one
 * that was reaped. -ENODATA: unknown. */
int pidfd_exit_status(int pidfd, pid_t pid, int *ret_status);
/* 0, or -ETIMEDOUT: the process still runs after @timeout_ms (-1: for ever). Any process. */
int pidfd_wait_exit(int pidfd, int timeout_ms);

/* Waits until @fd can be read. -ECANCELED: SIGTERM or SIGINT has come, which the caller holds back
 * and which stays pending. */
int proc_wait_or_signal(int fd);

/* Start time in clock ticks since boot, field 22 of /proc/PID/stat: with the pid it names a
 * process for good. 0 when there is no such process. */
uint64_t proc_start_time(pid_t pid);

/* Exit status a shell would report for a wait status: N, or 128 + signal. */
int proc_exit_code(int status);

/* Process title as seen by ps; at most what argv and the environment took. */
void proc_title_init(int argc, char **argv);
void proc_title_set(const char *title);

/* Gives memory back that only the beginning of a long-lived process needed: free heap, stack below
 * the caller, and the program's own pages, which the kernel reads again when they are used. */
void proc_trim_memory(void);

/* Runs @fn in a child and hands over its error. The child ends with _exit: when @fn returned 0
 * or more with that number as exit code, which is what this returns. */
int proc_run_child(int (*fn)(void *arg, struct err *err), void *arg, struct err *err);
/* The same for what may hang: after @timeout_ms (0: never) the child is killed, with its process
 * group if it leads one. -ETIMEDOUT. With PROC_UNTIL_SIGNAL that is done as soon as
 * proc_wait_or_signal is -ECANCELED, which is what this returns then. */
#define PROC_UNTIL_SIGNAL (-1)
int proc_run_child_for(int (*fn)(void *arg, struct err *err), void *arg, int timeout_ms,
                       struct err *err);

#endif
