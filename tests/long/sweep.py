#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sweep.py RLXC LXCPATH [USER [POINTS [CGROUP]]]: a container's life with a SIGKILL at any of its system calls.

Its container (made here) is started under strace, which kills whichever process gets to the Nth call of a
kind first: the command, the monitor, init, newuidmap, the program of a user-mode network; and stopped. Or
the stop is what is traced, or who meets an orphan. After each kill the container runs and can be managed, or
it is gone and nothing is left of it; and it starts again. POINTS kills (200) are spread evenly over all that
there are. Prints "good TEXT" or "bad TEXT" for each sequence, "# TEXT" with details. Root runs it."""
import collections
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from caller import MARK, Caller  # noqa: E402

# What leaves something behind, or is a moment between two such things.
CALLS = ("accept4,bind,clone3,close_range,connect,epoll_create1,epoll_ctl,epoll_wait,execve,exit_group,fchmod,flock,"
         "ioctl,keyctl,kill,linkat,listen,memfd_create,mkdir,mkdirat,mount,mount_setattr,move_mount,open_tree,openat,"
         "pidfd_open,pidfd_send_signal,pivot_root,poll,prctl,read,recvmsg,renameat,rmdir,sendmsg,sendto,setgroups,"
         "sethostname,setns,setresuid,setsid,signalfd4,socketpair,symlinkat,umask,umount2,unlinkat,unshare,waitid,"
         "wait4,write,writev")
NAME = f"t{os.getpid()}"


class Sweep:
    def __init__(self, caller, points):
        self.caller, self.points = caller, points
        self.slowest, self.empty_leaves = 0.0, 0

    def traced(self, options, *words):
        user = ["-u", self.caller.user] if self.caller.user else []
        return self.caller.popen("strace", "-f", "-qq", *user, *options, self.caller.rlxc, words[0], "-P",
                                 self.caller.lxcpath, "-n", NAME, *words[1:], become=False,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # ---- sequences: what is there before, what is traced, what comes after ----

    def start(self, options):
        """The whole life: the monitor goes on being traced until it has ended."""
        child = self.traced(options, "start")
        self.wait_for(lambda: child.poll() is not None or self.caller.state(NAME) == "RUNNING")
        wrong = self.judge()
        self.caller.run("stop", "-n", NAME, "-t", "5")
        return wrong + self.reap(child)

    def stop(self, options):
        self.caller.run("start", "-n", NAME)
        return self.reap(self.traced(options, "stop", "-t", "5"))

    def adopt(self, options):
        """Another monitor takes over; the container is ended without any."""
        self.caller.run("start", "-n", NAME, "-s", "lxc.monitor.signal.pdeath=0")
        for process in self.caller.processes(NAME):
            if process.endswith("monitor"):
                os.kill(int(process.split()[0]), 9)
        child = self.traced(options, "info")
        self.wait_for(lambda: child.poll() is not None or self.caller.state(NAME) == "RUNNING")
        wrong = self.judge()
        self.caller.run("stop", "-n", NAME, "-k")
        return wrong + self.reap(child)

    # ---- verdicts ----

    @staticmethod
    def wait_for(condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.02)

    @staticmethod
    def reap(child):
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return ["it hangs"]
        return []

    def judge(self):
        """It runs and can be managed, or is gone with all that it had: soon."""
        begin, wrong = time.monotonic(), []
        while True:
            state = self.caller.state(NAME)
            if state == "RUNNING":
                code, output = self.caller.run("attach", "-n", NAME, "--", "true")
                wrong = [] if code == 0 else [f"attach: {output.strip()}"]
            else:
                left = self.caller.left()
                if left and all("/lxc.monitor." in path for path in left) and time.monotonic() - begin > 2:
                    # The last process of a monitor removes that; the next start does it instead.
                    self.empty_leaves += 1
                    return []
                wrong = [f"{state}, left: {left}"] if left or state != "STOPPED" else []
            waited = time.monotonic() - begin
            if not wrong or waited > 10:
                self.slowest = max(self.slowest, waited)
                return wrong
            time.sleep(0.05)

    def recovers(self):
        for words in (["start"], ["attach", "--", "true"], ["stop", "-k"]):
            code, output = self.caller.run(words[0], "-n", NAME, *words[1:])
            if code != 0:
                return [f"then {words[0]}: {output.strip()}"]
        left, _ = self.caller.wait_for_nothing()
        return [f"in the end: {left}"] if left else []

    def clear(self):
        for process in self.caller.processes():
            try:
                os.kill(int(process.split()[0]), 9)
            except ProcessLookupError:
                pass
        self.caller.run("stop", "-k", "-n", NAME)

    # ---- points ----

    def points_of(self, sequence, trace):
        """("renameat", 2): at its second renameat, of any process. Spread over all that one life has."""
        open(trace, "w").close()
        os.chmod(trace, 0o666)
        wrong = sequence(["-o", trace, "-e", "trace=" + CALLS])
        if wrong:
            raise RuntimeError(f"{sequence.__name__} without a kill: {wrong}")
        with open(trace) as file:
            counts = collections.Counter(re.findall(r"^(\d+) +(\w+)\(", file.read(), re.M))
        os.unlink(trace)
        most = collections.Counter()
        for (_, call), n in counts.items():
            most[call] = max(most[call], n)
        return [(call, i) for call, n in sorted(most.items()) for i in range(1, n + 1)]

    def run(self, sequence, share):
        points = self.points_of(sequence, self.caller.lxcpath + ".trace")
        n = max(1, int(self.points * share))
        if len(points) > n:
            points = [points[i * len(points) // n] for i in range(n)]
        failed = 0
        self.slowest, self.empty_leaves = 0.0, 0
        for call, i in points:
            wrong = sequence(["-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={i}"])
            wrong += self.judge() + self.recovers()
            if wrong:
                failed += 1
                print(f"# {sequence.__name__}, {call}:{i}: {wrong}", flush=True)
                self.clear()
        if self.empty_leaves > 1 + n // 50:
            failed += self.empty_leaves
            print(f"# {sequence.__name__}: {self.empty_leaves} cgroups of monitors were left")
        print(f"# {sequence.__name__}: the slowest took {self.slowest:.2f} s")
        print("bad" if failed else "good", f"{sequence.__name__}: {len(points)} kills, {failed} of them failed", flush=True)


def main():
    rlxc, lxcpath, user, points, cgroup = (sys.argv[1:] + ["", "200", ""][len(sys.argv) - 3:])[:5]
    caller = Caller(rlxc, lxcpath, user, cgroup)
    caller.prefix = NAME
    config = lxcpath + ".config"
    with open(config, "w") as file:
        file.write(f"lxc.net.0.type = empty\nlxc.environment = {MARK}={lxcpath}/\n")
    code, output = caller.run("create", "-n", NAME, "-t", "busybox", "-f", config)
    os.unlink(config)
    if code:
        sys.exit(f"create: {output}")
    sweep = Sweep(caller, int(points))
    for sequence, share in ((sweep.start, 0.7), (sweep.stop, 0.1), (sweep.adopt, 0.2)):
        sweep.run(sequence, share)
    code, output = caller.run("destroy", "-n", NAME)
    print("good" if code == 0 else "bad", "destroy", output)


main()
