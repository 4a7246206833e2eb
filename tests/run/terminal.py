# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command on a terminal of its own and types at it.

    python3 terminal.py STEP... -- COMMAND ARG...

Steps, one after the other:
    expect=REGEX    until the output since the last match holds it (10 s)
    send=TEXT       types TEXT; escapes such as \\r and \\x03 are those of Python
    size=ROWSxCOLS  sets the window's size; as first step: before the command starts
    sleep=SECONDS
    kill=NAME       a signal for the command, such as kill=TERM
    stopped         until the command is stopped, as by Ctrl-Z (10 s)
    hangup          closes the terminal
    mark=FILE       makes that file, for others to see how far it is
    until=FILE      until that file is there (60 s); nothing is read meanwhile

Then it waits for the end (20 s) and prints everything that the terminal showed. Exit code: that
of the command, 128 + signal, 99 when a step fails, 98 when the command does not end, 97 when it
left the terminal in another mode than it found it in."""

import os
import fcntl
import pty
import re
import select
import signal
import struct
import sys
import termios
import time


class Failed(Exception):
    pass


class Terminal:
    def __init__(self, command, size):
        self.text = b""
        self.seen = 0
        self.status = None
        ready, go = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.close(go)
            os.read(ready, 1)
            os.execvp(command[0], command)
        if size:
            self.resize(size)
        self.mode = termios.tcgetattr(self.fd)
        os.close(ready)
        os.close(go)

    def resize(self, size):
        rows, cols = (int(n) for n in size.split("x"))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, seconds):
        """False at the end."""
        if self.fd < 0:
            return False
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.text += data
        return bool(data)

    def poll(self, flags=0):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG | flags)
            if pid and os.WIFSTOPPED(status):
                return True
            if pid:
                self.status = status
        return False

    def expect(self, pattern):
        end = time.monotonic() + 10
        while True:
            found = re.search(pattern.encode(), self.text[self.seen:], re.M | re.S)
            if found:
                self.seen += found.end()
                return
            if time.monotonic() > end:
                raise Failed("not seen: " + pattern)
            if not self.read(0.1):
                time.sleep(0.01)
                self.poll()
                if self.status is not None:
                    end = 0

    def send(self, text):
        data = text.encode("latin-1").decode("unicode_escape").encode("latin-1")
        while data:
            data = data[os.write(self.fd, data):]

    def wait_stopped(self):
        end = time.monotonic() + 10
        while not self.poll(os.WUNTRACED):
            if time.monotonic() > end or self.status is not None:
                raise Failed("it is not stopped")
            self.read(0.05)

    def step(self, step):
        word, _, value = step.partition("=")
        if word == "expect":
            self.expect(value)
        elif word == "send":
            self.send(value)
        elif word == "size":
            self.resize(value)
        elif word == "sleep":
            time.sleep(float(value))
        elif word == "kill":
            os.kill(self.pid, getattr(signal, "SIG" + value))
        elif word == "stopped":
            self.wait_stopped()
        elif word == "hangup":
            os.close(self.fd)
            self.fd = -1
        elif word == "until":
            end = time.monotonic() + 60
            while not os.path.exists(value):
                if time.monotonic() > end:
                    raise Failed("there is no " + value)
                time.sleep(0.05)
        elif word == "mark":
            with open(value, "w"):
                pass
        else:
            raise Failed("no such step: " + step)

    def finish(self):
        end = time.monotonic() + 20
        while self.status is None:
            self.read(0.05)
            self.poll()
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                print("# the command does not end")
                return 98
            if self.fd < 0:
                time.sleep(0.02)
        while self.fd >= 0 and select.select([self.fd], [], [], 0)[0] and self.read(0):
            pass
        if self.fd >= 0 and termios.tcgetattr(self.fd) != self.mode:
            print("# the terminal's mode has changed")
            return 97
        if os.WIFSIGNALED(self.status):
            return 128 + os.WTERMSIG(self.status)
        return os.WEXITSTATUS(self.status)


def main():
    split = sys.argv.index("--")
    steps, command = sys.argv[1:split], sys.argv[split + 1:]
    size = None
    if steps and steps[0].startswith("size="):
        size = steps.pop(0)[5:]
    terminal = Terminal(command, size)
    # The slave stays open here: the last mode can be asked for after the command's end.
    code = 0
    try:
        for step in steps:
            terminal.step(step)
    except Failed as failure:
        code = 99
        print("#", failure)
        if terminal.status is None:
            os.kill(terminal.pid, signal.SIGKILL)
    result = terminal.finish()
    sys.stdout.flush()
    os.write(1, terminal.text.replace(b"\r\n", b"\n"))
    sys.exit(code or result)


main()
