#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""proxy.py LOG ADDRESS...: answers for system calls with the action notify. What it answers is the
path that the call has as its first argument, which it reads from the memory of the caller; LOG gets
a line for each question. An ADDRESS with an @ in front is an abstract one."""

import array
import os
import select
import socket
import struct
import sys

HEADER = struct.Struct("=QiiHHHxxQ")
REQUEST = struct.Struct("=QIIiIQ6Q")
RESPONSE = struct.Struct("=QqiI")
CONTINUE = 1


def read_path(fd, address):
    return os.pread(fd, 100, address).split(b"\0")[0].decode()


def response(path, call):
    """What a good proxy says, and what others might."""
    said = {
        "/errno77": (call, 0, -77, 0),
        "/value": (call, 0, 0, 0),
        "/continue": (call, 0, 0, CONTINUE),
        "/other-call": (call + 1, 0, 0, 0),
        "/contradiction": (call, 5, -5, CONTINUE),
    }
    return RESPONSE.pack(*said.get(path, (call, 0, -1, 0)))


def serve(sock, log):
    data, controls, _flags, _address = sock.recvmsg(4096, socket.CMSG_SPACE(16))
    fds = array.array("i")
    for _level, _kind, value in controls:
        fds.frombytes(value[: len(value) // 4 * 4])
    if not data:
        return False
    header = HEADER.unpack_from(data)
    _zero, monitor, init, n_request, n_response, _n_data, n_cookie = header
    request = REQUEST.unpack_from(data, HEADER.size)
    path = read_path(fds[1], request[6])
    cookie = data[HEADER.size + n_request + n_response :].decode()
    name = "gone"
    try:
        comm = os.open("comm", os.O_RDONLY, dir_fd=fds[0])
        name = os.read(comm, 100).decode().strip()
        os.close(comm)
    except OSError:
        pass
    print(path, name, len(fds), cookie, n_cookie, monitor, init, file=log, flush=True)
    for fd in fds:
        os.close(fd)
    if path == "/end":
        return False
    if path == "/rubbish":
        sock.send(b"rubbish")
        return True
    answer = data[: HEADER.size + n_request] + response(path, request[0])
    sock.send(answer + b"\0" * (n_response - RESPONSE.size) + (data[-n_cookie:] if path == "/value" else b""))
    return True


def main():
    log = open(sys.argv[1], "a", encoding="utf-8")
    listeners = []
    for address in sys.argv[2:]:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if address[0] != "@" and os.path.exists(address):
            os.unlink(address)
        sock.bind("\0" + address[1:] if address[0] == "@" else address)
        sock.listen(5)
        listeners.append(sock)
    socks = list(listeners)
    print("up", os.getpid(), file=log, flush=True)
    while True:
        for sock in select.select(socks, [], [])[0]:
            if sock in listeners:
                socks.append(sock.accept()[0])
            elif not serve(sock, log):
                socks.remove(sock)
                sock.close()


main()
