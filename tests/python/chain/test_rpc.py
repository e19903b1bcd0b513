"""The transport: retried where that is safe, bounded everywhere, and silent about tokens."""

import logging
import threading
import traceback
from collections.abc import Iterator

import pytest

from fabricant.chain.rpc import Patience, Rpc, RpcUrl
from fabricant.errors import BadAnswer, InvalidInput, NetworkError, RpcRefused, RpcUnavailable
from tests.support import faulty_node as faults
from tests.support.faulty_node import Fault, FaultyNode

TOKEN = "canary-7f3a9c"


@pytest.fixture
def node() -> Iterator[FaultyNode]:
    with FaultyNode(results={"eth_blockNumber": "0x10"}) as node:
        yield node


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def rpc(node: FaultyNode, pauses: list[float]) -> Iterator[Rpc]:
    rpc = Rpc(
        RpcUrl(f"{node.url}/v3/{TOKEN}"), patience=Patience(timeout=2), largest=100_000, sleep=pauses.append
    )
    yield rpc
    rpc.close()


def test_a_call_returns_its_result(rpc: Rpc) -> None:
    assert rpc.call("eth_blockNumber") == "0x10"


def test_a_proxy_of_the_environment_is_used_but_where_it_must_not_be(
    node: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", node.url)
    monkeypatch.setenv("no_proxy", "elsewhere.invalid")
    assert Rpc(RpcUrl("http://node.invalid")).call("eth_blockNumber") == "0x10"
    with pytest.raises(RpcUnavailable):
        Rpc(RpcUrl("http://elsewhere.invalid"), patience=Patience(attempts=1)).call("eth_blockNumber")


PASSING: dict[str, Fault] = {
    "connection lost before the request": faults.lose_request,
    "answer lost": faults.lose_answer,
    "truncated": faults.truncate,
    "429": faults.status(429),
    "500": faults.status(500),
    "502 with HTML": faults.status(502),
    "HTML with 200": faults.say(b"<html>"),
    "invalid UTF-8": faults.say(b'{"id": 1, "result": "\xff"}'),
    "duplicate keys": faults.say(b'{"jsonrpc":"2.0","id":1,"result":"0x1","result":"0x2"}'),
    "another call's id": faults.say(b'{"jsonrpc":"2.0","id":99999,"result":"0x1"}'),
    "neither result nor error": faults.say(b'{"jsonrpc":"2.0","id":1}'),
    "a list": faults.say(b"[]"),
    "nested too deep": faults.say(b"[" * 90_000),
    "nested too deep but balanced": faults.say(b"[" * 40_000 + b'"\\"]"' + b"]" * 40_000),
    "objects nested too deep": faults.say(b'{"id":' * 10_000 + b"1" + b"}" * 10_000),
    "empty": faults.say(b""),
}


@pytest.mark.parametrize("name", PASSING)
def test_f090_f091_f092_a_read_survives_a_passing_fault(rpc: Rpc, node: FaultyNode, name: str) -> None:
    node.fail("*", PASSING[name])
    assert rpc.call("eth_blockNumber") == "0x10"
    assert node.count("eth_blockNumber") == 2


@pytest.mark.parametrize("name", PASSING)
def test_f112_what_changes_state_is_never_repeated_by_the_transport(
    rpc: Rpc, node: FaultyNode, name: str
) -> None:
    node.fail("*", PASSING[name])
    with pytest.raises(NetworkError):
        rpc.call("eth_sendRawTransaction", "0x00")
    assert node.count("eth_sendRawTransaction") == 1


def test_a_large_answer_with_brackets_in_strings_is_read(rpc: Rpc, node: FaultyNode) -> None:
    logs = [{"topics": [']}[{\\"'] * 4, "data": {"deep": [[[[["\\"]]]]]}} for _ in range(500)]
    node.results["eth_getLogs"] = logs
    assert rpc.call("eth_getLogs") == logs


def test_f090_retries_back_off_and_end(rpc: Rpc, node: FaultyNode, pauses: list[float]) -> None:
    node.fail("*", *[faults.lose_request] * 5)
    with pytest.raises(RpcUnavailable, match="cannot be reached"):
        rpc.call("eth_blockNumber")
    assert node.count("eth_blockNumber") == 5
    assert [0.125 * 2**i <= pause <= 0.25 * 2**i for i, pause in enumerate(pauses)] == [True] * 4


@pytest.mark.parametrize(
    ("wanted", "least", "most"), [("7", 7, 7), ("99999", 30, 30), ("soon", 0, 1), ("-1", 0, 1)]
)
def test_f091_a_server_may_ask_for_a_longer_pause_within_reason(
    rpc: Rpc, node: FaultyNode, pauses: list[float], wanted: str, least: float, most: float
) -> None:
    node.fail("*", faults.status(429, Retry_After=wanted))
    assert rpc.call("eth_blockNumber") == "0x10"
    assert least <= pauses[0] <= most


def test_f090_no_answer_ends_at_the_deadline(node: FaultyNode) -> None:
    release = threading.Event()
    node.fail("*", faults.stall(release))
    rpc = Rpc(RpcUrl(node.url), patience=Patience(timeout=0.1, attempts=1))
    with pytest.raises(RpcUnavailable, match=r"within 0\.1 s"):
        rpc.call("eth_blockNumber")
    release.set()
    rpc.close()


def test_f090_a_name_that_does_not_resolve() -> None:
    rpc = Rpc(RpcUrl("http://nowhere.invalid"), patience=Patience(attempts=1))
    with pytest.raises(RpcUnavailable, match=r"http://nowhere\.invalid cannot be reached"):
        rpc.call("eth_blockNumber")


@pytest.mark.parametrize(
    "fault", [faults.bomb(10_000_000), faults.say(b" " * 200_000)], ids=["gzip bomb", "huge"]
)
def test_f117_a_huge_answer_is_cut_off_and_not_asked_for_again(
    rpc: Rpc, node: FaultyNode, fault: Fault
) -> None:
    node.fail("*", fault)
    with pytest.raises(BadAnswer, match="more than 100000 bytes"):
        rpc.call("eth_blockNumber")
    assert node.count("eth_blockNumber") == 1


def test_a_refusal_is_final_and_keeps_code_and_data(rpc: Rpc, node: FaultyNode) -> None:
    node.fail("eth_blockNumber", faults.refuse(3, "execution reverted\x1b[2J", "0xabcd"))
    with pytest.raises(RpcRefused) as refused:
        rpc.call("eth_blockNumber")
    assert (refused.value.code, refused.value.data) == (3, "0xabcd")
    assert "execution reverted\\x1b[2J" in str(refused.value)
    assert node.count("eth_blockNumber") == 1


@pytest.mark.parametrize(
    "error", [b'"text"', b'{"data":{"data":"0x12"}}', b'{"code":"x","message":null}', b"[]"]
)
def test_odd_refusals_are_refusals_all_the_same(rpc: Rpc, node: FaultyNode, error: bytes) -> None:
    node.fail("*", faults.say(b'{"id":1,"error":%s}' % error))
    with pytest.raises(RpcRefused):
        rpc.call("eth_blockNumber")


@pytest.mark.parametrize("code", [401, 403])
def test_a_wrong_token_is_not_tried_again(rpc: Rpc, node: FaultyNode, code: int) -> None:
    node.fail("*", faults.status(code))
    with pytest.raises(RpcUnavailable, match="check the token"):
        rpc.call("eth_blockNumber")
    assert node.count("eth_blockNumber") == 1


def test_a_redirect_is_not_followed(rpc: Rpc, node: FaultyNode) -> None:
    node.fail("*", *[faults.status(307, Location="http://127.0.0.1:1/steal")] * 5)
    with pytest.raises(BadAnswer, match="HTTP 307"):
        rpc.call("eth_blockNumber")


def test_threads_share_a_connection(rpc: Rpc, node: FaultyNode) -> None:
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(rpc.call("eth_blockNumber"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["0x10"] * 8


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://node.example/", "https://node.example"),
        (f"https://node.example/v3/{TOKEN}", "https://node.example/…"),
        (f"https://node.example?key={TOKEN}", "https://node.example/…"),
        (f"https://user:{TOKEN}@node.example:8443", "https://node.example:8443/…"),
        (f"http://[::1]:8545/{TOKEN}", "http://[::1]:8545/…"),
    ],
)
def test_f115_a_url_shows_its_scheme_and_host_only(text: str, shown: str) -> None:
    url = RpcUrl(text)
    assert str(url) == shown
    assert repr(url) == f"RpcUrl({shown})"
    assert url.reveal() == text


@pytest.mark.parametrize(
    "text",
    [
        f"ws://node.example/{TOKEN}",
        f"node.example/{TOKEN}",
        f"file:///{TOKEN}",
        f"http:///{TOKEN}",
        f"http://host:99999/{TOKEN}",
        f"http://host/{TOKEN}\n",
        f"http://h\u00f6st/{TOKEN}",
        f"http://[::1/{TOKEN}",
        "",
    ],
)
def test_f115_what_is_no_rpc_url_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        RpcUrl(text)
    assert TOKEN not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "fault",
    [
        faults.lose_request,
        faults.status(500),
        faults.status(403),
        faults.say(b"<html>"),
        faults.refuse(1, "no"),
    ],
)
def test_f115_a_token_shows_in_no_error_traceback_or_log(
    rpc: Rpc, node: FaultyNode, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    node.fail("*", *[fault] * 5)
    with caplog.at_level(logging.DEBUG), pytest.raises(NetworkError) as failed:
        rpc.call("eth_blockNumber")
    shown = traceback.TracebackException.from_exception(failed.value, capture_locals=True)
    assert TOKEN not in "".join(shown.format())
    assert failed.value.__context__ is None
    assert "connectionpool" in {record.module for record in caplog.records}
    assert TOKEN not in caplog.text
    assert TOKEN not in f"{rpc!r} {rpc.url}"
