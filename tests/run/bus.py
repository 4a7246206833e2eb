# SPDX-License-Identifier: LGPL-2.1-or-later
"""A message bus with a systemd manager on it that behaves as it is told, for tests.

    bus.py KIND BEHAVIOUR -- COMMAND...      COMMAND has the connection as standard input
    bus.py KIND BEHAVIOUR --listen SOCKET    serves one connection

KIND is bus, or direct: the manager's own socket, where nobody says Hello. What was called is
printed, a line each, then "exit N" and how many tenths of a second COMMAND took; its own output
goes where ours goes. See the table at the end for the behaviours. Little-endian only, as we ask.
"""
import os
import signal
import socket
import struct
import subprocess
import sys
import time

NUMBERS = {"y": "B", "b": "I", "u": "I", "i": "i", "t": "Q"}
ALIGN = {"y": 1, "g": 1, "v": 1, "t": 8, "(": 8}
CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, NAME, REPLY_TO, DESTINATION, SENDER, SIGNATURE = range(1, 9)
FIELD_TYPES = {PATH: "o", REPLY_TO: "u", SIGNATURE: "g"}
MANAGER = "org.freedesktop.systemd1.Manager"
JOB = "/org/freedesktop/systemd1/job/7"


def one_type(signature):
    """The first complete type, and the rest."""
    if signature[0] == "a":
        first, rest = one_type(signature[1:])
        return "a" + first, rest
    if signature[0] != "(":
        return signature[0], signature[1:]
    end, depth = 0, 0
    for end, char in enumerate(signature):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            break
    return signature[: end + 1], signature[end + 1 :]


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def align(self, n):
        self.at = (self.at + n - 1) // n * n

    def number(self, code):
        size = struct.calcsize(code)
        self.align(size)
        self.at += size
        return struct.unpack_from("<" + code, self.data, self.at - size)[0]

    def value(self, kind):
        if kind in NUMBERS:
            return self.number(NUMBERS[kind])
        if kind in "sog":
            size = self.number("B" if kind == "g" else "I")
            self.at += size + 1
            return self.data[self.at - size - 1 : self.at - 1].decode()
        if kind == "v":
            return self.value(self.value("g"))
        if kind[0] == "a":
            size = self.number("I")
            self.align(ALIGN.get(kind[1], 4))
            end, values = self.at + size, []
            while self.at < end:
                values.append(self.value(kind[1:]))
            return values
        self.align(8)
        return self.values(kind[1:-1])

    def values(self, signature):
        values = []
        while signature:
            kind, signature = one_type(signature)
            values.append(self.value(kind))
        return values


def pad(data, n):
    return data + bytes(-len(data) % n)


def write(data, kind, value):
    if kind in NUMBERS:
        code = "<" + NUMBERS[kind]
        return pad(data, struct.calcsize(code)) + struct.pack(code, value)
    if kind == "g":
        return data + bytes([len(value)]) + value.encode() + b"\0"
    if kind in "so":
        return pad(data, 4) + struct.pack("<I", len(value)) + value.encode() + b"\0"
    assert kind == "v"
    return write(write(data, "g", value[0]), value[0], value[1])


class Bus:
    def __init__(self, sock, kind):
        self.sock, self.kind, self.serial, self.buffer = sock, kind, 0, b""

    def fill(self):
        more = self.sock.recv(65536)
        if not more:
            raise EOFError
        self.buffer += more

    def take(self, size):
        while len(self.buffer) < size:
            self.fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def authenticate(self, accept):
        assert self.take(1) == b"\0"
        while True:
            while b"\r\n" not in self.buffer:
                self.fill()
            line, self.buffer = self.buffer.split(b"\r\n", 1)
            if line == b"BEGIN":
                return
            if not accept:
                self.sock.sendall(b"REJECTED EXTERNAL\r\n")
            elif line.startswith(b"NEGOTIATE_UNIX_FD"):
                self.sock.sendall(b"AGREE_UNIX_FD\r\n")
            elif line == b"AUTH EXTERNAL":
                self.sock.sendall(b"DATA\r\n")
            else:
                self.sock.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")

    def receive(self):
        head = self.take(16)
        assert head[0:1] == b"l"
        body_size, self.asked, fields_size = struct.unpack_from("<III", head, 4)
        reader = Reader(head + self.take((fields_size + 7) // 8 * 8))
        reader.at = 12
        fields = dict(reader.value("a(yv)"))
        values = Reader(self.take(body_size)).values(fields.get(SIGNATURE, ""))
        return fields, values

    def send(self, message_type, fields, signature="", values=(), sender=":1.0"):
        if self.kind == "direct":
            sender = "org.freedesktop.systemd1"
        fields = {**fields, SENDER: sender}
        if signature:
            fields[SIGNATURE] = signature
        body = array = b""
        for kind, value in zip(signature, values):
            body = write(body, kind, value)
        for number, value in fields.items():
            array = pad(array, 8) + bytes([number])
            array = write(array, "v", (FIELD_TYPES.get(number, "s"), value))
        self.serial += 1
        head = struct.pack("<BBBBIII", ord("l"), message_type, 0, 1, len(body), self.serial, len(array))
        self.sock.sendall(pad(head + array, 8) + body)

    def reply(self, signature="", values=(), **more):
        self.send(RETURN, {REPLY_TO: self.asked, DESTINATION: ":1.9"}, signature, values, **more)

    def fail(self, name, words):
        self.send(ERROR, {REPLY_TO: self.asked, DESTINATION: ":1.9", NAME: name}, "s", [words])

    def job_removed(self, job=JOB, result="done", **more):
        fields = {PATH: "/org/freedesktop/systemd1", INTERFACE: MANAGER, MEMBER: "JobRemoved"}
        self.send(SIGNAL, fields, "uoss", [7, job, "lxc.scope", result], **more)


class Manager:
    """What systemd does. A behaviour is a class that does one thing in another way."""

    cgroup = "/user.slice/user@1.service/app.slice/lxc-c1.scope"
    accept = True

    def connected(self, bus):
        bus.authenticate(self.accept)

    def Hello(self, bus):
        bus.reply("s", [":1.9"], sender="org.freedesktop.DBus")

    def AddMatch(self, bus, _rule):
        bus.reply(sender="org.freedesktop.DBus")

    def Subscribe(self, bus):
        bus.reply()

    def StartTransientUnit(self, bus, _name, _mode, _properties, _others):
        bus.reply("o", [JOB])
        self.done(bus)

    def done(self, bus):
        bus.job_removed()

    def Get(self, bus, _interface, _name):
        bus.reply("v", [("s", self.cgroup)])

    def serve(self, bus):
        self.connected(bus)
        while True:
            fields, values = bus.receive()
            print("call", fields[MEMBER], fields.get(PATH), *values, flush=True)
            getattr(self, fields[MEMBER])(bus, *values)


class Silent(Manager):
    def connected(self, bus):
        time.sleep(60)


class Closes(Manager):
    def connected(self, bus):
        bus.sock.close()
        raise EOFError


class Rejects(Manager):
    accept = False


class Garbage(Manager):
    def Subscribe(self, bus):
        bus.sock.sendall(b"\xff" * 4096)


class Huge(Manager):
    def Subscribe(self, bus):
        bus.sock.sendall(struct.pack("<BBBBIII", ord("l"), RETURN, 0, 1, 0xFFFFFFF0, 1, 0) + bytes(4096))


class Deaf(Manager):
    """Takes a unit and never speaks again."""

    def StartTransientUnit(self, bus, *_arguments):
        pass


class Endless(Manager):
    def done(self, bus):
        pass


class Denied(Manager):
    def StartTransientUnit(self, bus, *_arguments):
        bus.fail("org.freedesktop.DBus.Error.AccessDenied", "Not\tfor you")


class Stops(Denied):
    """Whoever asks is to end before there is an answer."""

    def StartTransientUnit(self, bus, _name, _mode, properties, _others):
        os.kill(dict(properties)["PIDs"][0], signal.SIGURG)
        super().StartTransientUnit(bus)


class Refused(Manager):
    def StartTransientUnit(self, bus, *_arguments):
        bus.fail("org.freedesktop.systemd1.NoSuchProcess", "No such process " + "x" * 5000)


class Nobody(Manager):
    def Subscribe(self, bus):
        bus.fail("org.freedesktop.DBus.Error.ServiceUnknown", "Nobody provides it")


class Taken(Manager):
    def StartTransientUnit(self, bus, name, *_arguments):
        if name in ("lxc-c1.scope", "lxc-c1-1.scope"):
            bus.fail("org.freedesktop.systemd1.UnitExists", "Unit was already loaded")
        else:
            super().StartTransientUnit(bus, name, *_arguments)


class AllTaken(Manager):
    def StartTransientUnit(self, bus, *_arguments):
        bus.fail("org.freedesktop.systemd1.UnitExists", "Unit was already loaded")


class Early(Manager):
    """The signal comes before the reply."""

    def StartTransientUnit(self, bus, *_arguments):
        self.done(bus)
        bus.reply("o", [JOB])


class Others(Manager):
    """Signals that are not about us, or not from the manager."""

    def done(self, bus):
        bus.job_removed(job="/org/freedesktop/systemd1/job/8", result="failed")
        if bus.kind == "bus":
            bus.job_removed(result="failed", sender=":1.66")
        bus.send(SIGNAL, {PATH: "/", INTERFACE: MANAGER, MEMBER: "JobRemoved"}, "s", ["short"])
        bus.send(SIGNAL, {PATH: "/", INTERFACE: "a.b", MEMBER: "JobNew"})
        bus.job_removed()


class Failed(Manager):
    def done(self, bus):
        bus.job_removed(result="failed")


class Gone(Manager):
    def done(self, bus):
        bus.sock.close()
        raise EOFError


class NoCgroup(Manager):
    cgroup = ""


class Unknown(Manager):
    def Get(self, bus, *_arguments):
        bus.fail("org.freedesktop.DBus.Error.UnknownObject", "Unknown object")


class WrongType(Manager):
    def Get(self, bus, *_arguments):
        bus.reply("u", [5])


BEHAVIOURS = {
    "silent": Silent, "closes": Closes, "rejects": Rejects, "garbage": Garbage, "huge": Huge,
    "deaf": Deaf, "endless": Endless, "denied": Denied, "refused": Refused, "nobody": Nobody,
    "taken": Taken, "all-taken": AllTaken, "early": Early, "others": Others, "failed": Failed,
    "stops": Stops, "gone": Gone, "no-cgroup": NoCgroup, "unknown": Unknown, "wrong-type": WrongType,
    "good": Manager,
}  # fmt: skip


def serve(sock, kind, behaviour):
    try:
        BEHAVIOURS[behaviour]().serve(Bus(sock, kind))
    except (EOFError, ConnectionError):
        pass


def main():
    kind, behaviour, how = sys.argv[1:4]
    if how == "--listen":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(sys.argv[4])
            listener.listen()
            print("listening", flush=True)
            serve(listener.accept()[0], kind, behaviour)
        return
    ours, theirs = socket.socketpair()
    start = time.monotonic()
    server = os.fork()
    if server == 0:
        theirs.close()
        serve(ours, kind, behaviour)
        os._exit(0)
    ours.close()
    code = subprocess.run(sys.argv[4:], stdin=theirs, env={}, timeout=60, check=False).returncode
    theirs.close()
    tenths = int((time.monotonic() - start) * 10)
    if behaviour == "silent":
        os.kill(server, 15)
    os.waitpid(server, 0)
    print("exit", code, "after", tenths)


main()
