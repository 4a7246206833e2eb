#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a bad client does with a monitor's control socket.

control.py SOCKET ask          prints "answered" or "refused"
control.py SOCKET garbage      messages that are none
control.py SOCKET silent N     N connections that say nothing; prints "up", waits for standard input
control.py SOCKET waiting N    N that wait for a state
control.py SOCKET consoles N   one that changes its terminal N times
control.py SOCKET links        asks for processes to enter by, and says nothing that makes sense
control.py SOCKET spawns N     asks for N and leaves them waiting; prints how many there are, waits
"""

import os
import socket
import struct
import sys

MAGIC = 0x6378726C
INFO, WAIT, CONSOLE, SPAWN = 1, 5, 8, 10
STOPPED = 1


def connect(path):
    # Through the directory: the path may be too long for an address.
    os.chdir(os.path.dirname(path))
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(10)
    sock.connect(os.path.basename(path))
    return sock


def frame(kind, value=0, payload=b"", magic=MAGIC, version=1, length=None):
    if length is None:
        length = len(payload)
    return struct.pack("=IHHiI", magic, version, kind, value, length) + payload


def ask(sock):
    try:
        sock.send(frame(INFO))
        return len(sock.recv(65536)) > 0
    except OSError:
        return False


def garbage(path):
    good = frame(INFO)
    messages = [good[:n] for n in range(1, len(good))]
    messages += [
        frame(INFO, magic=1),
        frame(INFO, version=2),
        frame(INFO, length=1),
        frame(INFO, length=0xFFFFFFFF),
        frame(INFO, payload=b"x" * 5000),
        frame(0),
        frame(99),
        frame(0xFFFF),
        frame(2, payload=b"\0" * 900),
        frame(2, payload=b"lxc.no.such.key"),
        frame(3, value=-99),
        frame(3, value=1000),
        frame(CONSOLE, value=-2),
        frame(CONSOLE, value=2**31 - 1),
        b"\xff" * 900,
    ]
    for message in messages:
        sock = connect(path)
        sock.send(message)
        sock.close()
    for message in messages:
        sock = connect(path)
        null = os.open("/dev/null", os.O_RDONLY)
        socket.send_fds(sock, [message], [null] * 5)
        os.close(null)
        sock.close()


def hold(path, count, message):
    socks = []
    for _ in range(count):
        sock = connect(path)
        if message:
            sock.send(message)
        socks.append(sock)
    print("up", flush=True)
    sys.stdin.read()


def spawn(path):
    """The link, or None when there is no process at its other end."""
    sock = connect(path)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    socket.send_fds(sock, [frame(SPAWN)], [theirs.fileno()])
    theirs.close()
    reply = sock.recv(65536)
    return ours if struct.unpack_from("=i", reply, 8)[0] == 0 else None


def links(path):
    connect(path).send(frame(SPAWN))
    sock = connect(path)
    null = os.open("/dev/null", os.O_RDONLY)
    socket.send_fds(sock, [frame(SPAWN)], [null])
    for size in (1, 100, 304, 400, 30000):
        for n_fds in (0, 1, 4, 5, 9):
            link = spawn(path)
            if link is None:
                return
            socket.send_fds(link, [b"\xff" * size], [null] * n_fds)
            link.close()


def spawns(path, count):
    held = [link for link in (spawn(path) for _ in range(count)) if link]
    print(len(held), flush=True)
    sys.stdin.read()


def main():
    path, action = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if action == "ask":
        print("answered" if ask(connect(path)) else "refused")
    elif action == "garbage":
        garbage(path)
    elif action == "links":
        links(path)
    elif action == "spawns":
        spawns(path, count)
    elif action == "silent":
        hold(path, count, None)
    elif action == "waiting":
        hold(path, count, frame(WAIT, 1 << 3))
    elif action == "consoles":
        sock = connect(path)
        for i in range(count):
            sock.send(frame(CONSOLE, value=i % 2))
            _, fds, _, _ = socket.recv_fds(sock, 65536, 8)
            for fd in fds:
                os.close(fd)
        print("up", flush=True)
        sys.stdin.read()


main()
