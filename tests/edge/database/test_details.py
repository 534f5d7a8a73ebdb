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


def test_details_are_what_they_were():
    details = CompactDetails([PLAIN, FULL, PLAIN])
    assert [details[number] for number in range(3)] == [PLAIN, FULL, PLAIN]


def test_a_card_takes_few_bytes():
    tracemalloc.start()
    details = CompactDetails(FULL for _ in range(10_000))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert details[9_999] == FULL
    assert held < 400 * 10_000
