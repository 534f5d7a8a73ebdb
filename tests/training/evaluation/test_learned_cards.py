from training.cli import main


def test_cards_are_learned_and_others_are_shown(capsys):
    assert main(["evaluate", "learned", "--count", "4"]) == 0
    first, _, heading, _, *rows = capsys.readouterr().out.splitlines()
    assert first == "2 of 2 cards were learned; refused: []"
    assert heading.startswith("| cards | shown | confirmed wrongly: before | after |")
    learned = next(row for row in rows if row.startswith("| learned, in its light | 2 |"))
    assert learned.split("|")[6].strip().startswith("100.0%")
    assert len(rows) == 5
