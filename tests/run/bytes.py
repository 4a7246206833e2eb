# SPDX-License-Identifier: LGPL-2.1-or-later
"""bytes.py out|in FILE COMMAND...: what the command writes to its terminal, or is typed at it, is FILE.

out: the command's output has to be FILE behind the line "go". The first bytes are left waiting for a
while, so that all on the way is full.
in: prints "go" first; FILE is then typed, as fast as it is taken, and the answer has to be its size and SHA-256."""

import hashlib
import os
import pty
import select
import sys
import time


def read(fd):
    try:
        return os.read(fd, 1 << 16)
    except OSError:
        return b""


def until(fd, word):
    text = b""
    while word not in text:
        data = read(fd)
        if not data:
            sys.exit("no %r in %r" % (word, text))
        text += data
    return text[text.index(word) + len(word):]


def take_out(fd, path):
    rest = until(fd, b"go\r\n")
    with open(path, "rb") as file:
        time.sleep(0.3)
        at = 0
        data = rest or read(fd)
        while data:
            if file.read(len(data)) != data:
                sys.exit("another byte, %d bytes on" % at)
            at += len(data)
            data = read(fd)
        if file.read(1):
            sys.exit("it ends after %d bytes" % at)


def put_in(fd, path):
    with open(path, "rb") as file:
        data = file.read()
    want = hashlib.sha256(data).hexdigest().encode()
    until(fd, b"go")
    os.set_blocking(fd, False)
    left, answer = memoryview(data), b""
    while want not in answer:
        ready = select.select([fd], [fd] if left else [], [], 60)
        if not any(ready):
            sys.exit("stands still with %d bytes left" % len(left))
        if ready[0]:
            part = read(fd)
            answer += part
            if not part:
                sys.exit("it ends with %r" % answer[-200:])
        if ready[1]:
            left = left[os.write(fd, left[:65536]):]


pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
(take_out if sys.argv[1] == "out" else put_in)(terminal, sys.argv[2])
