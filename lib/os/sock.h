/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_SOCK_H
#define RLXC_OS_SOCK_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#define SOCK_FDS_MAX 32

/* One message with up to SOCK_FDS_MAX descriptors. See unix(7), SCM_RIGHTS. */
int sock_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds);
/* Returns the length (0: the peer is gone) and fills @fds (all of them close-on-exec; what was
 * not sent is -EBADF). A truncated message or too many descriptors: -EBADMSG, all closed. */
ssize_t sock_recv(int sock, void *data, size_t size, int *fds, size_t n_fds);

/* The same for a message in parts. */
int sock_send_parts(int sock, const struct iovec *parts, size_t n_parts, const int *fds,
                    size_t n_fds);
ssize_t sock_recv_parts(int sock, const struct iovec *parts, size_t n_parts, int *fds,
                        size_t n_fds);

/* SOCK_SEQPACKET pair. */
int sock_pair(int ret_fds[2]);
/* Listens on, or connects to, the socket @name in the directory @dir_fd, however long its path. */
int sock_listen_at(int dir_fd, const char *name, int backlog);
int sock_connect_at(int dir_fd, const char *name);
/* The same with a path of at most 107 bytes, or "@NAME", an abstract name: see unix(7). */
int sock_connect(const char *path);
/* Connects to the stream socket that is open as @socket_fd (O_PATH), without waiting: -EAGAIN when
 * too many wait there to be let in. */
int sock_connect_stream(int socket_fd);
/* How long connecting, sending and receiving on such a connection may wait: then -EAGAIN. */
#define SOCK_PATIENCE_S 30

#endif
