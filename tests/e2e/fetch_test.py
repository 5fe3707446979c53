#!/usr/bin/env python3
"""`data fetch` against a server on the loopback interface: whole, interrupted and gone on with, damaged, missing, too much.

Usage: fetch_test.py WORK_FOLDER
"""
import hashlib
import http.server
import io
import os
import pathlib
import shutil
import sys
import tarfile
import threading

sys.path.insert(0, os.path.dirname(__file__))
import harness


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves server.files; honours Range where server.ranges says so."""

    def do_GET(self):
        body = self.server.files.get(self.path)
        self.server.asked.append((self.path, self.headers.get("Range")))
        if body is None:
            self.send_error(404)
            return
        begin = 0
        if self.server.ranges and self.headers.get("Range"):
            begin = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if begin >= len(body):
                self.send_error(416)
                return
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body) - begin))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        self.wfile.write(body[begin:self.server.cut] if self.server.cut else body[begin:])

    def log_message(self, *_):
        pass


def make_archive(folder):
    """CIFAR-10's archive in small: its folder, its seven files, one more."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        archive.addfile(directory("cifar-10-batches-bin"))
        for path in sorted(folder.iterdir()):
            archive.add(path, f"cifar-10-batches-bin/{path.name}")
        extra = tarfile.TarInfo("cifar-10-batches-bin/../../readme.html")
        extra.size = 5
        archive.addfile(extra, io.BytesIO(b"hello"))
    return raw.getvalue()


def directory(name):
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


def check_mnist(work, server, url):
    for path in harness.MNIST.glob("*.gz"):
        server.files[f"/m/{path.name}"] = path.read_bytes()
    out, _ = harness.run("data", "fetch", "mnist", "-o", work / "mnist", "--url", url + "/m")
    assert "4 files fetched, 0 were there already" in out, out
    assert sorted(p.name for p in (work / "mnist").iterdir()) == sorted(p.name for p in harness.MNIST.glob("*.gz"))
    harness.run("data", "info", work / "mnist")
    server.asked.clear()
    (work / "mnist/t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    out, _ = harness.run("data", "fetch", "mnist", "-o", work / "mnist", "--url", url + "/m/")
    assert "1 files fetched, 3 were there already" in out and len(server.asked) == 1, (out, server.asked)

    # What is there of a file is gone on with, where the server can and where it cannot.
    name = "t10k-images-idx3-ubyte.gz"
    whole = server.files[f"/m/{name}"]
    for server.ranges in (True, False):
        (work / "mnist" / name).unlink()
        (work / "mnist" / (name + ".part")).write_bytes(whole[:1000])
        server.asked.clear()
        harness.run("data", "fetch", "mnist", "-o", work / "mnist", "--url", url + "/m")
        assert server.asked[0] == (f"/m/{name}", "bytes=1000-"), server.asked
        assert (work / "mnist" / name).read_bytes() == whole and not (work / "mnist" / (name + ".part")).exists()
    server.ranges = True
    (work / "mnist" / name).unlink()
    (work / "mnist" / (name + ".part")).write_bytes(whole)  # complete, but for its name: the server answers 416
    harness.run("data", "fetch", "mnist", "-o", work / "mnist", "--url", url + "/m")
    assert (work / "mnist" / name).read_bytes() == whole

    # A connection that breaks leaves a part; what is wrong leaves nothing.
    (work / "mnist" / name).unlink()
    server.cut = 5000
    _, fault = harness.run("data", "fetch", "mnist", "-o", work / "mnist", "--url", url + "/m", expect=3)
    assert "try again, or another server with --url" in fault, fault
    assert (work / "mnist" / (name + ".part")).stat().st_size == 5000 and not (work / "mnist" / name).exists()
    server.cut = None
    harness.run("data", "fetch", "mnist", "-o", work / "mnist", "--url", url + "/m")
    assert (work / "mnist" / name).read_bytes() == whole
    (work / "mnist" / name).unlink()
    server.files[f"/m/{name}"] = server.files["/m/t10k-labels-idx1-ubyte.gz"]
    _, fault = harness.run("data", "fetch", "mnist", "-o", work / "mnist", "--url", url + "/m", expect=3)
    assert "is not MNIST's t10k-images-idx3-ubyte" in fault and "nothing was kept" in fault, fault
    assert not list((work / "mnist").glob("*t10k-images*"))
    _, fault = harness.run("data", "fetch", "mnist", "-o", work / "none", "--url", url + "/nowhere", expect=3)
    assert "the server has no such file (HTTP 404)" in fault, fault
    _, fault = harness.run("data", "fetch", "mnist", "-o", work / "none", "--url", f"file://{harness.MNIST}", expect=2)
    assert "http:// or https://" in fault, fault
    _, fault = harness.run("data", "fetch", "mnits", "-o", work / "none", expect=2)
    assert "did you mean 'mnist'?" in fault, fault


def check_cifar(work, server, url):
    harness.run("data", "make", "-o", work / "made", "--format", "cifar10", "--train", 50, "--test", 20)
    archive = make_archive(work / "made")
    digest = hashlib.sha256(archive).hexdigest()
    server.files["/c.tar.gz"] = archive
    _, fault = harness.run("data", "fetch", "cifar10", "-o", work / "cifar", "--url", url + "/c.tar.gz", expect=3)
    assert f"SHA-256 {digest}, expected c4a38c50a1bc5f3a" in fault and not list((work / "cifar").iterdir()), fault
    harness.run("data", "fetch", "cifar10", "-o", work / "cifar", "--url", url + "/c.tar.gz", "--sha256", digest)
    assert {p.name: p.read_bytes() for p in (work / "cifar").iterdir()} == {p.name: p.read_bytes() for p in (work / "made").iterdir()}
    harness.run("data", "check", work / "cifar")
    out, _ = harness.run("data", "fetch", "cifar10", "-o", work / "cifar", "--url", url + "/none", "--sha256", digest)
    assert "are there already" in out, out
    for name, broken in [("cut", archive[:len(archive) // 2]), ("no gzip", b"no archive"), ("empty", b"")]:
        server.files["/c.tar.gz"] = broken
        shutil.rmtree(work / "cifar")
        harness.run("data", "fetch", "cifar10", "-o", work / "cifar", "--url", url + "/c.tar.gz", "--sha256",
                    hashlib.sha256(broken).hexdigest(), expect=3)
        assert not list((work / "cifar").iterdir()), name


def main():
    work = pathlib.Path(sys.argv[1]) / "fetch"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.ranges, server.cut = {}, [], True, None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        check_mnist(work, server, url)
        check_cifar(work, server, url)
    finally:
        server.shutdown()
        thread.join()
    shutil.rmtree(work)
    print("data fetch: whole, gone on with, damaged, missing")


main()
