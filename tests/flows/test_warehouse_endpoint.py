"""The embedded warehouse as its clients see it: ClickHouse's HTTP interface, two accounts."""

import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx
import pytest

from tests.stack import Stack, new_stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = new_stack(tmp_path_factory.mktemp("warehouse") / "data", parts="warehouse")
    try:
        yield stack.start()
    finally:
        stack.stop()


def tokens(stack: Stack) -> dict[str, str]:
    s = stack.settings
    return {
        "duban": s.warehouse_password.get_secret_value(),
        "reader": s.warehouse_reader_password.get_secret_value(),
    }


def client(stack: Stack, user: str = "duban", **more: Any) -> Any:
    url = httpx.URL(stack.url("warehouse"))
    return clickhouse_connect.get_client(
        host=url.host,
        port=url.port,
        username=user,
        password=tokens(stack)[user],
        autogenerate_session_id=False,
        **more,
    )


def ask(stack: Stack, sql: str, user: str = "reader", **headers: str) -> httpx.Response:
    return httpx.post(
        stack.url("warehouse"), content=sql, auth=(user, tokens(stack)[user]), headers=headers
    )


@pytest.mark.parametrize("packing", [False, "lz4", "zstd", "gzip"])
def test_the_unchanged_python_driver_makes_a_table_fills_it_and_asks(
    warehouse: Stack, packing: bool | str
) -> None:
    writer = client(warehouse, compress=packing)
    writer.command("DROP TABLE IF EXISTS default.t")
    writer.command("CREATE TABLE default.t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
    rows = 20_000
    done = writer.insert(
        "t", [range(rows), ["一" * 3] * rows], column_names=["n", "s"], column_oriented=True
    )
    assert done.written_rows == rows
    asked = client(warehouse, "reader", compress=packing).query(
        "SELECT count(), any(s), {text:String}, {many:Array(String)} FROM t WHERE n >= {n:UInt64}",
        parameters={"n": 5, "text": "a'b\\\n\t", "many": ["x'", "y"]},
    )
    assert asked.result_rows == [(rows - 5, "一一一", "a'b\\\n\t", ["x'", "y"])]


def test_an_answer_without_rows_still_names_its_columns(warehouse: Stack) -> None:
    asked = client(warehouse, "reader").query(
        "SELECT number AS a, toString(a) AS b, toLowCardinality(b) AS c FROM numbers(3) WHERE a > 9"
    )
    assert (asked.column_names, asked.result_rows) == (("a", "b", "c"), [])


def test_only_ping_answers_without_a_token(warehouse: Stack) -> None:
    url = warehouse.url("warehouse")
    assert httpx.get(f"{url}/ping").text == "Ok.\n"
    for request in (
        httpx.get(url, params={"query": "SELECT 1"}),
        httpx.post(url, content="SELECT 1", auth=("reader", "wrong")),
        httpx.post(url, content="SELECT 1", auth=("duban", tokens(warehouse)["reader"])),
        httpx.post(url, content="SELECT 1", headers={"Authorization": "Bearer"}),
        httpx.post(url, content="SELECT 1", headers={"Authorization": "Basic nonsense"}),
    ):
        assert request.status_code == 401
        assert request.headers["X-ClickHouse-Exception-Code"] == "516"


def test_a_token_may_come_in_three_ways(warehouse: Stack) -> None:
    url, token = warehouse.url("warehouse"), tokens(warehouse)["reader"]
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"X-ClickHouse-User": "reader", "X-ClickHouse-Key": token},
    ):
        assert httpx.post(url, content="SELECT 1", headers=headers).text == "1\n"
    assert ask(warehouse, "SELECT 1").text == "1\n"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP DATABASE default",
        "DROP TABLE t",
        "INSERT INTO t VALUES (1, 'x')",
        "SET readonly = 0",
        "USE system",
        "KILL QUERY WHERE 1",
        "SYSTEM FLUSH LOGS",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT file('/etc/hostname')",
        "SELECT `file`('/etc/hostname')",
        "SELECT \"file\" /* x */ ('/etc/hostname')",
        "DESCRIBE TABLE file('/etc/hostname')",
        "SELECT 1 AS `a'`, file('/etc/hostname') AS x",
        "SELECT 1 AS \"a'\", file('/etc/hostname') AS x",
        "SELECT 1 AS `a\\`'`, file('/etc/hostname') AS x",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM url('http://127.0.0.1:1/')",
        "SELECT * FROM merge('default', '.*')",
        "SELECT * FROM remote('127.0.0.1', system.one)",
        "SELECT * FROM Python(settings)",
        "SELECT 1 INTO/**/OUTFILE '/tmp/duban-outfile-test'",
        "WITH 'x' AS a SELECT a INTO OUTFILE '/tmp/duban-outfile-test' FORMAT CSV",
        "CREATE TEMPORARY TABLE x (a Int8)",
    ],
)
def test_a_reader_runs_one_statement_that_reads_our_tables(warehouse: Stack, sql: str) -> None:
    answer = ask(warehouse, sql)
    assert answer.status_code in (400, 403, 404), answer.text
    assert answer.text.startswith("Code: ")
    assert not Path("/tmp/duban-outfile-test").exists()
    assert httpx.get(f"{warehouse.url('warehouse')}/ping").status_code == 200


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'file(x) INTO OUTFILE', number FROM numbers(1) -- merge('a', 'b')",
        "SHOW TABLES FROM system LIKE 'settings'",
        "DESCRIBE TABLE system.one",
        "EXPLAIN SELECT 1",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x;",
    ],
)
def test_a_reader_may_write_sql_as_people_do(warehouse: Stack, sql: str) -> None:
    assert ask(warehouse, sql).status_code == 200


def test_a_readers_limits_are_fixed(warehouse: Stack) -> None:
    wanted = "SELECT value FROM system.settings WHERE name = 'max_execution_time'"
    assert ask(warehouse, wanted).text == "10\n"
    too_many = ask(warehouse, "SELECT * FROM numbers(1000001)")
    assert "Limit for result exceeded" in too_many.text
    asked = httpx.post(
        warehouse.url("warehouse"),
        params={"max_execution_time": "600", "session_id": "x", "query_id": "y"},
        content=wanted,
        auth=("reader", tokens(warehouse)["reader"]),
    )
    assert asked.text == "10\n"  # drivers send settings unasked; they change nothing


def test_the_owner_too_sends_one_statement_at_a_time(warehouse: Stack) -> None:
    answer = ask(warehouse, "CREATE TABLE a (x Int8) ENGINE = Memory; SELECT 1", user="duban")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (400, "62")


def test_an_insert_that_cannot_be_read_leaves_nothing_and_the_next_one_works(
    warehouse: Stack,
) -> None:
    for sql in (
        "DROP TABLE IF EXISTS default.u",
        "CREATE TABLE default.u (n UInt8) ENGINE = MergeTree ORDER BY n",
    ):
        assert ask(warehouse, sql, user="duban").status_code == 200
    broken = ask(warehouse, "INSERT INTO u (n) FORMAT Native\nnonsense", user="duban")
    assert broken.status_code == 500
    good = ask(warehouse, "INSERT INTO u (n) FORMAT CSV\n1\n2\n", user="duban")
    assert '"written_rows": "2"' in good.headers["X-ClickHouse-Summary"]
    assert ask(warehouse, "SELECT sum(n) FROM u").text == "3\n"


def test_go_drivers_hear_that_blocks_are_of_revision_0(warehouse: Stack) -> None:
    hello = ask(warehouse, "SELECT displayName(), version(), revision(), timezone()")
    assert hello.headers["X-ClickHouse-Format"] == "Native"
    body = hello.content
    assert body[:8] == b"\x01\x00\x02\xff\xff\xff\xff\x00"  # block info of revision 54460
    assert body[8:10] == b"\x04\x01"  # four columns, one row
    name = b"\x0arevision()\x06UInt32\x00"
    at = body.index(name) + len(name)
    assert struct.unpack("<I", body[at : at + 4]) == (0,)


def test_fifty_viewers_at_once_all_get_their_answer(warehouse: Stack) -> None:
    url, reader = warehouse.url("warehouse"), ("reader", tokens(warehouse)["reader"])

    def view(n: int) -> str:
        sql = f"SELECT {n} + max(number) FROM numbers(100000)"
        return httpx.post(url, content=sql, auth=reader, timeout=30).text

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(view, range(50)))
    assert answers == [f"{n + 99999}\n" for n in range(50)]


def test_a_request_with_a_senseless_size_is_answered_and_the_door_stays_open(
    warehouse: Stack,
) -> None:
    url = httpx.URL(warehouse.url("warehouse"))
    secret = warehouse.settings.warehouse_password.get_secret_value()
    who = f"X-ClickHouse-User: duban\r\nX-ClickHouse-Key: {secret}\r\n".encode()
    for header in (b"Content-Length: -7", b"Content-Length: many", b"Transfer-Encoding: chunked"):
        with socket.create_connection((url.host, url.port or 80), 5) as door:
            door.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + who + header + b"\r\n\r\nzz\r\n")
            assert door.recv(1000).startswith(b"HTTP/1.1 400")
    assert ask(warehouse, "SELECT 1").text == "1\n"


def test_what_a_stranger_sends_is_not_even_read(warehouse: Stack) -> None:
    url = httpx.URL(warehouse.url("warehouse"))
    with socket.create_connection((url.host, url.port or 80), 5) as door:
        door.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000\r\n\r\n")
        assert door.recv(1000).startswith(b"HTTP/1.1 401")


def test_a_second_process_on_the_data_is_told_who_holds_it(warehouse: Stack) -> None:
    second = subprocess.run(
        [sys.executable, "-P", "-m", "deploy.local.warehouse"],
        env=warehouse.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"process id {warehouse.pid('warehouse')}" in second.stderr
    assert "Traceback" not in second.stderr


def test_rows_outlive_kill_9_and_what_was_left_in_the_private_temp_is_gone(
    warehouse: Stack,
) -> None:
    for sql in (
        "DROP TABLE IF EXISTS default.v",
        "CREATE TABLE default.v (n UInt8) ENGINE = MergeTree ORDER BY n",
        "INSERT INTO v VALUES (7)",
    ):
        assert ask(warehouse, sql, user="duban").status_code == 200
    litter = warehouse.data / "warehouse-tmp" / "litter.native"
    litter.write_bytes(b"x")
    old = warehouse.kill("warehouse")
    warehouse.wait_restarted("warehouse", old)
    assert ask(warehouse, "SELECT n FROM v").text == "7\n"
    assert not litter.exists()
