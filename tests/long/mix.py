#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mix.py RLXC LXCPATH [USER [SECONDS [WORKERS [CGROUP]]]]: commands of all kinds on the same few containers at the
same time, some of them with a SIGKILL for the monitor. No command hangs, none fails in a way that another
command beside it does not explain, of many starts at once exactly one wins, and in the end nothing is left
that was not there before. Long form: 600 seconds, 50 workers. Prints "good TEXT" or "bad TEXT", and "# TEXT" with
details. Root runs it, or USER."""
import collections
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caller import MARK, Caller  # noqa: E402

# Words of a command, and how often it is chosen.
OPERATIONS = {
    ("start",): 6,
    ("start", "-s", "lxc.monitor.signal.pdeath=0"): 4,
    ("stop", "-k"): 4,
    ("stop", "-t", "3"): 3,
    ("stop", "-r", "-t", "3"): 2,
    ("attach", "--", "true"): 6,
    ("freeze", "-t", "5"): 2,
    ("unfreeze",): 3,
    ("info",): 6,
    ("info", "-sH"): 3,
    ("wait", "-s", "RUNNING", "-t", "0"): 2,
    ("wait", "-s", "STOPPED", "-t", "2"): 2,
    ("copy", "-N", "OTHER"): 1,
    ("destroy", "-f"): 1,
    ("create", "-t", "busybox", "-f", "CONFIG"): 2,
    ("ls", "-f"): 2,
    ("KILL",): 2,
}
# What another command beside it explains. All else is a fault.
EXPLAINED = (
    "is not running", "is running", "already running", "is starting", "is stopping", "exists already", "does not exist", "is not there", "has ended",
    "did not reach the state", "did not shut down", "did not reboot", "ended instead of rebooting", "is being created",
    "has just ended", "no cgroup of its own", "under way", "ended before its monitor answered", "in use", "vanish",
    "creates or removes", "was ended by a signal", "ended during the start", "is frozen", "cannot freeze", "its monitor is gone",
    "being changed by somebody else", "is there already and not empty",
    # A copy of what is being removed has what was still there; or it vanishes under a command.
    "No such file or directory",
    "is the root file system complete", "no directory of its PATH has it", "commands wait for this container", "does not answer",
)


class Mix:
    def __init__(self, caller, seconds, workers):
        self.caller, self.workers = caller, workers
        self.names = [f"{caller.prefix}-{i}" for i in range(max(2, workers // 6))]
        self.end = time.monotonic() + seconds
        self.counts, self.faults, self.lock = collections.Counter(), [], threading.Lock()

    def words(self, operation, name, rand):
        if operation == ("ls", "-f"):
            return operation
        replace = {"OTHER": rand.choice(self.names), "CONFIG": self.caller.lxcpath + ".config"}
        return (operation[0], "-n", name, *[replace.get(word, word) for word in operation[1:]])

    def kill_monitor(self, name):
        for process in self.caller.processes(name):
            if process.endswith("monitor"):
                try:
                    os.kill(int(process.split()[0]), signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def work(self, number):
        rand = random.Random(number)
        weights = list(OPERATIONS.values())
        while time.monotonic() < self.end and len(self.faults) < 20:
            operation, = rand.choices(list(OPERATIONS), weights)
            name = rand.choice(self.names)
            if operation == ("KILL",):
                self.kill_monitor(name)
                continue
            words = self.words(operation, name, rand)
            code, output = self.caller.run(*words, timeout=120)
            with self.lock:
                self.counts[operation[0], code == 0] += 1
                # SIGTERM is how a stop calls off a start that has no monitor yet.
                called_off = operation[0] == "start" and code == -signal.SIGTERM
                # A program ends with its container.
                ended = operation[0] == "attach" and code > 128
                if code is None or (code and not called_off and not ended and not any(text in output for text in EXPLAINED)):
                    self.faults.append(f"{' '.join(words)}: {code} {output.strip()}")

    def at_once(self, words, n):
        return [code for code, _ in self.all_of([words] * n)]

    def all_of(self, list_of_words):
        results = []

        def one(words):
            result = self.caller.run(*words)
            with self.lock:
                results.append(result)
        self.join([threading.Thread(target=one, args=(words,)) for words in list_of_words])
        return results

    @staticmethod
    def join(threads):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def mix(self):
        self.join([threading.Thread(target=self.work, args=(i,)) for i in range(self.workers)])
        print("# " + ", ".join(f"{command} {n}{'' if good else ' refused'}"
                               for (command, good), n in sorted(self.counts.items())))
        for fault in self.faults:
            print("# " + fault.replace("\n", " | "))
        self.say(not self.faults, f"{sum(self.counts.values())} commands of {self.workers} workers")

    def one_wins(self):
        """Of starts at the same time, then of stops."""
        name = self.names[0]
        config = self.caller.lxcpath + ".config"
        self.caller.run("create", "-n", name, "-t", "busybox", "-f", config)
        wrong = []
        for _ in range(5):
            codes = self.at_once(("start", "-n", name), 8)
            monitors = [process for process in self.caller.processes(name) if process.endswith("monitor")]
            if codes.count(0) == 0 or len(monitors) != 1:
                wrong.append(f"starts: {codes}, {monitors}")
            codes = self.at_once(("stop", "-k", "-n", name), 8)
            if codes.count(0) == 0:
                wrong.append(f"stops: {codes}")
            left, _ = self.caller.wait_for_nothing()
            if left:
                wrong.append(f"left: {left}")
        self.say(not wrong, "of starts at once one wins", wrong)

    def clear(self):
        for name in self.names:
            self.caller.run("stop", "-k", "-n", name)
        # The last process of a monitor removes its cgroup; where that was killed, the next start does it.
        for name in self.names:
            self.caller.run("start", "-n", name)
            self.caller.run("stop", "-k", "-n", name)
        left, _ = self.caller.wait_for_nothing(10)
        empty = [path for path in left if "/lxc.monitor." in path]
        for path in empty:
            os.rmdir(path)  # fails for one with processes
        if empty:
            print(f"# empty cgroups of monitors: {empty}")
        left = [path for path in left if path not in empty]
        self.say(not left and len(empty) <= 1 + sum(self.counts.values()) // 1000, "nothing is left", left)
        for name in self.names:
            self.caller.run("destroy", "-f", "-n", name)
        kept = [name for name in os.listdir(self.caller.lxcpath) if name != ".run"]
        self.say(not kept, "nor of the containers", kept)

    @staticmethod
    def say(good, text, details=""):
        print("good" if good else "bad", text, "" if good else details, flush=True)


def main():
    rlxc, lxcpath, user, seconds, workers, cgroup = (sys.argv[1:] + ["", "600", "50", ""][len(sys.argv) - 3:])[:6]
    caller = Caller(rlxc, lxcpath, user, cgroup)
    caller.prefix = f"t{os.getpid()}"
    with open(lxcpath + ".config", "w") as file:
        file.write(f"lxc.net.0.type = empty\nlxc.environment = {MARK}={lxcpath}/\n")
    mix = Mix(caller, float(seconds), int(workers))
    mix.one_wins()
    mix.end = time.monotonic() + float(seconds)
    mix.mix()
    mix.clear()
    os.unlink(lxcpath + ".config")


main()
