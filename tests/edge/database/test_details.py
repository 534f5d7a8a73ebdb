import subprocess
import sys
import tracemalloc

from edge.database.details import CompactDetails
from edge.wire.messages import CardDetails

PLAIN = CardDetails(name="Mossy Drake", set_code="moss1", set_name="Moss", number="001")
FULL = CardDetails(
    name='Fée \u2640 "quoted"',
    set_code="fee",
    set_name="Fée",
    number="TG01",
    rarity="Rare",
    types=["Water", "Fire"],
    image_url="https://example.org/1.png",
    language="zh-Hans",
    finishes=["foil"],
    product_ids={"tcgplayer": "42"},
)

# Prints how much resident memory 15,000 cards take as they are kept, and as the objects that were read.
OPENED = """
import json, tempfile
from pathlib import Path
from edge.database.bundle import METADATA_FILE, read_metadata
from edge.database.details import CompactDetails
from edge.health import resident_mb
from edge.service.memory import give_back_free_pages, keep_heap_small

keep_heap_small()
with tempfile.TemporaryDirectory() as folder:
    cards = {
        f"set{n % 160}-{n}": {"name": f"Card {n}", "set_code": f"set{n % 160}", "set_name": "Set", "number": str(n)}
        for n in range(15000)
    }
    (Path(folder) / METADATA_FILE).write_text(json.dumps(cards))
    del cards
    give_back_free_pages()
    before = resident_mb()
    read = read_metadata(Path(folder))
    details, as_objects = CompactDetails(read), resident_mb()
    del read
    give_back_free_pages()
print(resident_mb() - before, as_objects - before)
"""


def test_details_are_what_they_were():
    details = CompactDetails({"b-2": FULL, "a-1": PLAIN, "c-é": PLAIN})
    assert details.card_ids == ["a-1", "b-2", "c-é"]
    assert [details[number] for number in range(3)] == [PLAIN, FULL, PLAIN]


def test_a_card_takes_few_bytes():
    tracemalloc.start()
    details = CompactDetails({str(number): FULL.model_copy() for number in range(10_000)})
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert details[9_999] == FULL
    assert held < 450 * 10_000


def test_memory_of_details_that_were_read_is_given_back():
    """In a process of its own, as what the other tests have left free there would be used first."""
    done = subprocess.run([sys.executable, "-c", OPENED], capture_output=True, text=True, check=True, timeout=120)
    grown_mb, of_objects_mb = map(float, done.stdout.split())
    assert of_objects_mb > 12
    assert grown_mb < of_objects_mb / 2
