"""Kafka's jars: damaged, forged or out of reach, never used unchecked."""

import os
import socket
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.trouble import Trouble

pytestmark = pytest.mark.fault


def test_damaged_jar_is_deleted_and_fetched_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smallest = min(jars.read_lock(), key=lambda jar: jar.size)
    bad = tmp_path / "kafka" / smallest.file
    bad.parent.mkdir()
    bad.write_bytes(os.urandom(smallest.size))
    [path] = jars.provide(tmp_path, [smallest])
    assert path == bad
    assert jars.is_good(smallest, path)
    assert "deleted" in capsys.readouterr().err


def test_wrong_checksum_of_a_fetched_jar(tmp_path: Path) -> None:
    smallest = min(jars.read_lock(), key=lambda jar: jar.size)
    other = smallest._replace(sha256="0" * 64)
    with pytest.raises(Trouble, match="is not what was pinned"):
        jars.provide(tmp_path, [other])
    assert list((tmp_path / "kafka").rglob("*.jar")) == []


def test_failed_download_names_jar_and_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    jar = jars.read_lock()[0]
    with pytest.raises(Trouble, match=jar.file) as caught:
        jars.provide(tmp_path, [jar], f"http://127.0.0.1:{port}/maven2")
    assert "DUBAN_MAVEN_URL" in caught.value.next_step
