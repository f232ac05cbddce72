"""Faults of the store under load: `run.py sqlite|postgres <binary> <folder>`; see tests/full/faults.sh."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse

from visitors import Load, click_id

BEFORE, FAULT, AFTER = 6, 8, 4
START_LIMIT, DRAIN_LIMIT = 180, 120
kind, binary, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
small = folder / "small"
data = small / "data" if kind == "sqlite" else folder / "data"
url = os.environ.get("WHOCPA_TEST_POSTGRES", "")
options = [] if kind == "sqlite" else ["--database-url", url.rsplit("/", 1)[0] + "/faults"]


def fail(words):
    sys.exit(f"faults: {words}")


# ---- the network


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path, key=""):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"X-Api-Key": key} if key else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def wait(what, limit, ready):
    until = time.monotonic() + limit
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if ready():
                return
        time.sleep(0.1)
    fail(f"{what} took longer than {limit} s")


@contextlib.contextmanager
def program(command, port, ready):
    with open(folder / f"{kind}-{command}.log", "w") as log:
        asked = [binary, command, "--data", data, "--listen", f"127.0.0.1:{port}", *options]
        if command == "demo":
            asked += ["--rate", "0", "--days", "1", "--clicks-per-day", "200"]
        process = subprocess.Popen(asked, stdout=log, stderr=log)
    try:
        wait(f"whocpa {command}", START_LIMIT, lambda: process.poll() is not None or ready())
        if process.poll() is not None:
            print((folder / f"{kind}-{command}.log").read_text()[-3000:], file=sys.stderr)
            fail(f"whocpa {command} ended")
        yield
    finally:
        process.terminate()
        process.wait()


def live_paths(port):
    """Links that lead to an offer without caps, which would rightly end."""
    demo = json.loads((data / "demo.json").read_text())
    key, paths, capped = demo["operator"]["api_key"], [], {}
    for link in demo["links"]:
        offer = link["offer_id"]
        if offer not in capped:
            capped[offer] = bool(json.loads(get(port, f"/api/offer/{offer}", key)[1])["object"]["caps"])
        answer, _ = get(port, f"/go/{link['code']}")
        if not capped[offer] and answer.status == 302 and "tid_" in answer.getheader("set-cookie", ""):
            paths.append(f"/go/{link['code']}?subid1=faults")
    return paths or fail("the demo has no link to click")


def metric(port, name):
    lines = get(port, "/metrics")[1].splitlines()
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines if line.startswith(name))


# ---- the store


def psql(sql, database="faults"):
    programs = subprocess.run(["tests/support/postgres.sh", "find"], check=True, capture_output=True, text=True).stdout.strip()
    there = url.rsplit("/", 1)[0] + "/" + database
    return subprocess.run([f"{programs}/psql", there, "--no-psqlrc", "-qAtc", sql], check=True, capture_output=True, text=True)


def stored():
    if kind == "sqlite":
        with contextlib.closing(sqlite3.connect(data / "clicks.db")) as database:
            return {row[0] for row in database.execute("SELECT id FROM click")}
    return {int(line) for line in psql("SELECT id FROM click").stdout.split()}


@contextlib.contextmanager
def locked():
    """Nobody can write; on PostgreSQL nobody can read either."""
    if kind == "sqlite":
        with contextlib.ExitStack() as stack:
            for name in ("whocpa.db", "clicks.db"):
                database = stack.enter_context(contextlib.closing(sqlite3.connect(data / name, timeout=30, isolation_level=None)))
                database.execute("BEGIN EXCLUSIVE")
            yield
        return
    tables = "click, click_mark, link, offer, change"
    known = psql("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'").stdout.strip().split(",")
    tables = ", ".join(f'"{name}"' for name in tables.split(", ") if name in known)
    sql = f"BEGIN; LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({FAULT + 0.5}); COMMIT"
    holder = threading.Thread(target=psql, args=(sql,))
    holder.start()
    yield
    holder.join()


@contextlib.contextmanager
def full():
    """The store's disk has no byte left; on SQLite it is the log's disk too."""
    ballast = small / "ballast"
    with open(ballast, "wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(b"\0" * 65536)
    left = os.statvfs(small)
    if left.f_bavail * left.f_frsize > 1 << 20:
        fail("the disk is not full")
    yield
    ballast.unlink()


@contextlib.contextmanager
def stopped():
    """PostgreSQL is told to stop at once, and started again."""
    home = pathlib.Path(os.environ["WHOCPA_TEST_POSTGRES_HOME"])
    pid = int((home / "data/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGINT)
    yield
    wait("the end of PostgreSQL", 30, lambda: not (home / "data/postmaster.pid").exists())
    programs = subprocess.run(["tests/support/postgres.sh", "find"], check=True, capture_output=True, text=True).stdout.strip()
    owner = (home / "data").owner()
    start = [f"{programs}/pg_ctl", "start", "--silent", "--wait", "-D", home / "data", "-l", home / "log",
             "-o", f"-p {urllib.parse.urlsplit(url).port}"]
    as_owner = ["runuser", "-u", owner, "--"] if os.getuid() == 0 else []
    subprocess.run([*as_owner, *start], check=True, cwd="/", stdout=subprocess.DEVNULL)


# ---- the proof


def p99(times):
    times = sorted(times)
    return times[len(times) * 99 // 100] * 1000 if times else 0.0


def prove(port, paths, name, fault):
    load = Load(port, paths)
    time.sleep(2)
    load.phase.value = 1
    time.sleep(BEFORE)
    with fault():
        load.phase.value = 2
        time.sleep(FAULT)
    load.phase.value = 3
    time.sleep(AFTER)
    times, wrong, tids = load.stop()
    for (_, words), count in sorted(wrong.items()):
        print(f"  {name}: {count} x {words}", file=sys.stderr)
    before, during, after = (p99(times.get(phase, [])) for phase in (1, 2, 3))
    wait("draining the log", DRAIN_LIMIT, lambda: metric(port, "whocpa_click_log_pending_bytes") == 0)
    missing = {click_id(tid) for tid in tids} - stored()
    unacknowledged = metric(port, "whocpa_click_log_unacknowledged")
    print(f"{kind}, store {name}: {sum(map(len, times.values()))} visitors, {len(times.get(2, []))} during the fault; answered "
          f"otherwise than 302: {sum(wrong.values())}; lost of {len(tids)} clicks: {len(missing)}; unacknowledged: {unacknowledged}; "
          f"p99 before {before:.1f} ms, during {during:.1f} ms ({during / max(before, 0.001):.1f} times), after {after:.1f} ms",
          flush=True)
    return not wrong and not missing and not unacknowledged and bool(times.get(2))


def main():
    if kind == "postgres":
        psql("CREATE DATABASE faults", "postgres")
    port = free_port()
    with program("demo", port, lambda: (data / "demo.json").exists()):
        pass
    faults = [("locked", locked), ("with a full disk", full)]
    if kind == "postgres":
        faults.append(("stopped and started again", stopped))
    with program("serve", port, lambda: get(port, "/readyz")[0].status == 200):
        paths = live_paths(port)
        passed = [prove(port, paths, name, fault) for name, fault in faults]
    if not all(passed):
        fail(f"{kind}: not every visitor was redirected, or a click was lost")


main()
