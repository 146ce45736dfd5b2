"""The fuzzer of raw HTTP can fail: each kind of lenient reader is found out. And the node's own reader is not one."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from chaos.edge_fuzz.answers import read_answers
from chaos.edge_fuzz.campaign import Campaign
from chaos.edge_fuzz.case import CORPUS, Case, read_cases
from chaos.edge_fuzz.mutation import make_case
from chaos.edge_fuzz.node_side import NodeSide

from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.embedded.nginx import nginx_program

CASES = read_cases(CORPUS)
NAMED = {case.name: case for case in CASES}
LENIENT = Path(__file__).with_name("lenient_reader.py")


@pytest.fixture
def folder():
    try:
        nginx_program()
    except EmbeddedError as missing:
        pytest.skip(str(missing))
    made = Path(tempfile.mkdtemp(prefix="hfz-"))  # short: it holds sockets
    yield made
    shutil.rmtree(made, ignore_errors=True)


FLAWS = {
    "none": ("plain", None),
    "an upgrade drops the body": ("upgrade-offer-one-segment", "reads otherwise"),
    "trailers are fields": ("trailer-names-caller", "reads otherwise"),
    "a length beats chunks": ("length-and-chunked", "reads more than nginx"),
    "python's numbers": ("chunk-size-0x", "reads more than nginx"),
    "two callers": ("two-callers", "believes two callers"),
    "plain refusals": ("line-lower-method", "no problem"),
    "a refusal is a 500": ("line-lower-method", "no problem"),
    "it reads on": ("line-lower-method", "reads on after a refusal"),
}


async def test_each_kind_of_lenient_reader_is_found_out(folder):
    nginx = Campaign(folder / "shared").nginx
    await nginx.start()

    async def rules_broken(number: int, flaw: str, case: Case) -> set[str]:
        campaign = Campaign(folder / str(number))
        campaign.nginx = nginx
        campaign.node = NodeSide(folder / f"node-{number}", [sys.executable, str(LENIENT), flaw])
        await campaign.node.start()
        try:
            return {rule for rule, _ in (await campaign.patiently(case)).findings}
        finally:
            await campaign.node.end()

    try:
        found = await asyncio.gather(
            *(rules_broken(number, flaw, NAMED[name]) for number, (flaw, (name, _)) in enumerate(FLAWS.items()))
        )
    finally:
        await nginx.end()
    for (flaw, (_, rule)), rules in zip(FLAWS.items(), found, strict=True):
        assert rules == set() if rule is None else rule in rules, (flaw, rules)


async def test_the_node_reads_the_corpus_as_nginx_does(folder):
    tally = await Campaign(folder).run([*CASES, *(make_case(f"test-{number}", CASES) for number in range(300))])
    assert tally.passed, [(found.case.line(), found.judged.findings) for found in tally.found] + tally.complaints
    assert tally.agreed > 100
    assert tally.refused > 100


def test_a_seed_is_the_same_case_again():
    assert make_case("1-7", CASES) == make_case("1-7", CASES) != make_case("1-8", CASES)


def test_what_was_found_can_be_kept_and_read_again(tmp_path):
    case = make_case("1-7", CASES)
    kept = tmp_path / "kept.jsonl"
    kept.write_text(case.line() + "\n")
    (again,) = read_cases(kept)
    assert (again.segments, again.pauses, again.name) == (case.segments, case.pauses, case.name)


def test_answers_are_told_apart():
    ok = b"HTTP/1.1 200 OK\r\nX-Told: yes\r\nContent-Length: 2\r\n\r\n{}"
    head = b"HTTP/1.1 200 OK\r\nX-Told: yes\r\nContent-Length: 2\r\n\r\n"
    no = b"HTTP/1.1 400 Bad\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
    answers, rest = read_answers(b"HTTP/1.1 100 Continue\r\n\r\n" + ok + head + ok + no + b"HTTP/1.1 2")
    assert [answer.status for answer in answers] == [200, 200, 200, 400]
    assert [answer.told for answer in answers] == [True, True, True, False]
    assert (answers[-1].closes, bool(answers[-1].flaws()), rest) == (True, True, b"HTTP/1.1 2")
