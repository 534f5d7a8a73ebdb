import subprocess
import sys

OPEN_AND_READ = """
import sys
from pathlib import Path
import edge.page.server
from edge.page.cards import Cards

cards = Cards(Path(sys.argv[1]))
print(cards.trouble, cards.details(sys.argv[2]) is not None, sorted({"onnxruntime", "usearch"} & set(sys.modules)))
"""


def test_names_and_pictures_are_read_without_the_runtime_of_networks_and_without_the_search(tiny_database):
    """They cost a quarter of the page's memory, which does nothing with them."""
    command = [sys.executable, "-c", OPEN_AND_READ, str(tiny_database.database), next(iter(tiny_database.cards))]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "None True []\n"
