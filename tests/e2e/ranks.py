"""What the tests of training over several processes share: mpirun, the processes it started, the faults that meet them."""
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import harness

SYS_PIDFD_GETFD = 438
DEADLINE = 30  # seconds within which a job with a fault must be over


def require_mpi():
    if shutil.which("mpirun") is None:
        harness.skip("mpirun is not installed (scripts/setup installs it)")
    done = subprocess.run([*mpirun(2), harness.BINARY, "run", "no_such_recipe"], capture_output=True, text=True)
    if "built without MPI" in done.stderr:
        harness.skip("this liteqat is built without MPI")


def mpirun(count, *options):
    """-q: nothing of mpirun's own on stderr, so that what liteqat says can be compared."""
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    # mpirun kills the survivors of a dead rank a second after it has told them: on a loaded machine before they have said why.
    return ["mpirun", "-q", *root, "--mca", "odls_base_sigkill_timeout", "3", "--oversubscribe", "-n", str(count), *options]


def start(command, **environment):
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})


def find_ranks(job):
    """Process numbers by rank of the liteqat processes below mpirun's; those that are not there yet are missing."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "environ").read_bytes().split(b"\0") if parent == job.pid else []
        except OSError:
            continue  # it has ended
        for word in words:
            if word.startswith(b"OMPI_COMM_WORLD_RANK="):
                found[int(word.split(b"=")[1])] = int(folder.name)
    return found


def wait_until(condition, job, seconds=DEADLINE):
    """True once the condition holds, False if the job ended before."""
    limit = time.monotonic() + seconds
    while not condition():
        if job.poll() is not None:
            return False
        assert time.monotonic() < limit, "what the test waits for did not happen"
        time.sleep(0.005)
    return True


def finish(job, title):
    """(exit code, what liteqat said, seconds): the job must end by itself."""
    began = time.monotonic()
    try:
        _, text = job.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        for pid in find_ranks(job).values():
            os.kill(pid, signal.SIGKILL)
        job.kill()
        raise AssertionError(f"{title}: the job hangs") from None
    return job.returncode, [line for line in text.splitlines() if line.startswith("liteqat: ")], time.monotonic() - began


def close_sockets(pid):
    """Shuts down the process's TCP connections, as a network that breaks does. Returns how many."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = os.pidfd_open(pid)
    closed = 0
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        if not os.readlink(entry).startswith("socket:"):
            continue
        descriptor = libc.syscall(SYS_PIDFD_GETFD, handle, int(entry.name), 0)
        if descriptor < 0:
            continue
        with socket.socket(fileno=descriptor) as copy:
            if copy.family != socket.AF_INET or copy.type != socket.SOCK_STREAM:
                continue
            try:
                copy.getpeername()
                copy.shutdown(socket.SHUT_RDWR)
                closed += 1
            except OSError:
                pass  # it listens
    os.close(handle)
    return closed
