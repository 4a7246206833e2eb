#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a bad client does with a monitor's control socket.

control.py SOCKET ask          prints "answered" or "refused"
control.py SOCKET garbage      messages that are none
control.py SOCKET silent N     N connections that say nothing; prints "up", waits for standard input
control.py SOCKET waiting N    N that wait for a state
control.py SOCKET consoles N   one that changes its terminal N times
"""

import os
import socket
import struct
import sys

MAGIC = 0x6378726C
INFO, WAIT, CONSOLE = 1, 5, 8
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


def main():
    path, action = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if action == "ask":
        print("answered" if ask(connect(path)) else "refused")
    elif action == "garbage":
        garbage(path)
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
