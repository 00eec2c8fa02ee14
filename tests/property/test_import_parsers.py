"""Whatever bytes an import file has, each line becomes an entry, and nothing is raised."""

import gzip
from io import BytesIO
from typing import Any

import msgspec
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from inventory.domain.graph import Graph
from inventory.services.availability_import.entries import Entry, entries_of
from inventory.services.availability_import.layouts import CsvLayout, JsonLayout
from inventory.services.availability_import.lines import blocks_of_gzip, lines_of, unpacked
from inventory.services.jobs.running import JobFailed

# A busy machine is slow.
at_ease = settings(deadline=None, suppress_health_check=list(HealthCheck))
GRAPH = Graph(1, 1, {"l1": 11, "l2": 12}, {}, {}, {}, {})
MAX = 9_999_999_999_999


def read(content: bytes, *, is_csv: bool = False, start: int = 0, line: int = 1, state: str = ""):
    layout = CsvLayout("job", state) if is_csv else JsonLayout(state)
    lines = lines_of(BytesIO(content), start=start, number=line)
    return list(entries_of(lines, layout=layout, graph=GRAPH))


def check(entries: list[Entry], content: bytes) -> None:
    assert [entry.line for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[-1].end == len(content) if entries else not content.strip(b"\xef\xbb\xbf")
    for entry in entries:
        assert entry.row is None or entry.problem is None
        if entry.row is not None:
            row, figures = entry.row, entry.row.figures
            assert row.place in {11, 12}
            assert 0 < len(row.record_id) <= 128
            assert 0 < len(row.sku) <= 250
            for quantity in (figures.on_hand, figures.safety_stock):
                assert quantity is None or 0 <= quantity <= MAX
            assert row.copy.encode().count(b"\n") == 1
            assert row.copy.count("\t") == 13
        if entry.problem is not None:
            assert entry.problem.message.startswith(f"line {entry.line}: ")
            # It can be stored and told.
            assert "\x00" not in "".join(msgspec.structs.astuple(entry.problem))
            msgspec.json.encode(entry.problem)


names = st.sampled_from(["recordId", "sku", "locationId", "location", "mode", "onHand", "futures",
                         "safetyStockCount", "effectiveDate", "attributeSet", "x"])  # fmt: skip
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(
        ["l1", "l2", "UPDATE", "mug", "2026-01-01T00:00:00Z", "9999-12-31T23:00:00-09:00"]
    ),
)
futures = st.fixed_dictionaries({}, optional={"quantity": scalars, "expectedDate": scalars})
values = st.one_of(scalars, st.lists(st.one_of(scalars, futures), max_size=3), futures)
records = st.dictionaries(names, values, max_size=8)
json_lines = st.lists(
    st.one_of(records.map(msgspec.json.encode), st.binary(max_size=40)), max_size=8
).map(b"\n".join)
cells = st.one_of(st.text(max_size=12), st.sampled_from(["l1", "mug", "1.5", '"', "[a, b]", ""]))
rows = st.lists(cells, max_size=10).map(",".join)
HEADERS = (
    "Location ID,SKU,Quantity On Hand,Safety Stock,Effective Date,Future Date 1,Future Quantity 1",
    "recordId,sku,locationId,onHand,futures,attributeSet,groupEligibilityExclusion",
)
csv_files = st.tuples(st.sampled_from(HEADERS), st.lists(rows, max_size=6)).map(
    lambda file: "\n".join([file[0], *file[1]]).encode()
)


@at_ease
@given(content=st.binary(max_size=300))
@example(content=b"\xef\xbb\xbf{}")
@example(content=b"\xef\xbb")
@example(content=b"\n\n")
@example(content=b'{"recordId":"\\u0000","sku":"a","locationId":"l1"}')
@example(content=b'{"recordId":"r","sku":"a","locationId":"l1","onHand":1e99999999999999999999}')
@example(
    content=b'{"recordId":"r","sku":"a","locationId":"l1","effectiveDate":"0001-01-01T00:00:00+09:00"}'
)
def test_any_bytes_are_told(content: bytes) -> None:
    try:
        check(read(content), content)
    except JobFailed:
        event("an array")


@at_ease
@given(content=json_lines)
def test_any_json_lines_are_told(content: bytes) -> None:
    try:
        check(read(content), content)
    except JobFailed:
        event("an array")


@at_ease
@given(content=st.one_of(csv_files, st.binary(max_size=200)))
def test_any_csv_is_told(content: bytes) -> None:
    try:
        check(read(content, is_csv=True), content)
    except JobFailed:
        event("no header")


@at_ease
@given(content=json_lines, cut=st.integers(0, 8))
def test_reading_goes_on_anywhere(content: bytes, cut: int) -> None:
    """A run that was cut off behind any line reads the rest as the first run would have."""
    try:
        entries = read(content)
    except JobFailed:
        return
    if cut >= len(entries):
        return
    last = entries[cut]
    rest = read(content, start=last.end, line=last.line + 1, state=last.state)
    assert rest == entries[cut + 1 :]


@at_ease
@given(content=csv_files, cut=st.integers(0, 5))
def test_reading_csv_goes_on_anywhere(content: bytes, cut: int) -> None:
    entries = read(content, is_csv=True)
    if cut >= len(entries):
        return
    last = entries[cut]
    rest = read(content, is_csv=True, start=last.end, line=last.line + 1, state=last.state)
    assert rest == entries[cut + 1 :]


@at_ease
@given(content=st.binary(max_size=300), is_packed=st.booleans(), damage=st.integers(0, 400))
def test_any_gzip_is_whole_or_refused(content: bytes, *, is_packed: bool, damage: int) -> None:
    packed = bytearray(gzip.compress(content) if is_packed else b"\x1f\x8b" + content)
    if damage < len(packed):
        packed[damage] ^= 0x41
    try:
        file: Any = unpacked(BytesIO(packed), is_gzip=True)
        got = b"".join(blocks_of_gzip(file, packed_size=len(packed)))
    except JobFailed:
        event("refused")
    else:
        # What is damaged and still whole had its name or time changed, not its content.
        assert got == content or not is_packed


@at_ease
@given(content=st.lists(st.binary(max_size=6).filter(lambda b: b"\n" not in b), max_size=30))
def test_lines_are_those_of_the_file(content: list[bytes]) -> None:
    joined = b"\n".join(content)
    lines = list(lines_of(BytesIO(joined), start=0, number=1))
    plain = joined.removeprefix(b"\xef\xbb\xbf")
    expected = plain.split(b"\n") if plain else []
    if expected and not expected[-1]:
        expected.pop()
    assert [line.text for line in lines] == expected
