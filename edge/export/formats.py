"""The files that can be written: the columns of each in the site's own order, and what goes into them.

Headers are those of files that the sites export or take themselves (2026-11-29). A price that nobody knows is blank,
not 0; only Dragon Shield itself writes 0.00 for none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge.export import words
from edge.export.row import Row, UnfitError

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What all rows have in common: the game, the folder or binder, and today's date (ISO 8601)."""

    game: str
    folder: str
    today: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of file.

    Attributes:
        title: whose it is.
        header: the names of the columns; `{today}` is a date.
        cells: of a row, in the same order; raises UnfitError for one that cannot be.
        delimiter: between cells.
        before: what stands before the header.
        quoted: which lines have quotes around every cell.
    """

    title: str
    header: str
    cells: Callable[[Row, Collection], Cells]
    delimiter: str = ","
    before: str = ""
    quoted_header: bool = False
    quoted_rows: bool = False

    def columns(self, collection: Collection) -> Cells:
        """The names of the columns."""
        return tuple(self.header.format(today=collection.today).split(self.delimiter))


def _collectr(row: Row, collection: Collection) -> Cells:
    item, card = row.item, row.item.card
    row.no_column_for_language()
    return (
        collection.folder,
        collection.game,
        card.set_name,
        card.name,
        card.number,
        card.rarity or "",
        row.finish(words.FINISH_COLLECTR, "Variance"),
        "Ungraded",
        row.condition(words.CONDITION_IN_FULL, "Card Condition"),
        "",
        str(item.quantity),
        "",
        "",
        "false",
        row.day,
        "",
    )


def _tcgplayer(row: Row, _collection: Collection) -> Cells:
    item, card = row.item, row.item.card
    return (
        str(item.quantity),
        card.name,
        card.name.partition(" // ")[0],
        card.set_name,
        card.number,
        card.set_code.upper(),
        row.finish(words.FINISH_TCGPLAYER, "Printing"),
        row.condition(words.CONDITION_TCGPLAYER_APP, "Condition"),
        row.language(words.LANGUAGE_CHINESE, "Language"),
        card.rarity or "",
        row.product("tcgplayer"),
        "",
    )


def _tcgplayer_seller(row: Row, collection: Collection) -> Cells:
    item, card = row.item, row.item.card
    if item.language != "en":
        raise UnfitError(f"language {item.language!r}: the numbers of TCGplayer's list are those of English cards")
    finish = row.finish(words.FINISH_TCGPLAYER, "Condition")
    condition = row.condition(words.CONDITION_IN_FULL, "Condition")
    condition = condition if finish == "Normal" else f"{condition} {finish}"
    number = row.needed_product(f"tcgplayer_sku:{condition}", f"TCGplayer Id of {condition}")
    described = (collection.game, card.set_name, card.name, "", card.number, card.rarity or "", condition)
    return (number, *described, "", "", "", "", "", str(item.quantity), "", "")


def _cardmarket(row: Row, _collection: Collection) -> Cells:
    item = row.item
    number = row.needed_product("cardmarket", "idProduct of Cardmarket")
    condition = row.condition(words.CONDITION_CARDMARKET, "condition")
    language = row.language(words.LANGUAGE_CARDMARKET, "idLanguage")
    finish = row.finish(words.FINISH_CARDMARKET, "isFoil, isReverseHolo, isFirstEd")
    foil, reverse, first = ("1" if finish == flag else "" for flag in ("foil", "reverse", "first edition"))
    return (number, str(item.quantity), "", language, condition, foil, "", "", "", reverse, first, "", "", "")


def _dragonshield(row: Row, collection: Collection) -> Cells:
    item, card = row.item, row.item.card
    return (
        collection.folder,
        str(item.quantity),
        "0",
        card.name,
        card.set_code.upper(),
        card.set_name,
        card.number,
        row.condition(words.CONDITION_DRAGONSHIELD, "Condition"),
        row.finish(words.FINISH_DRAGONSHIELD, "Printing"),
        row.language(words.LANGUAGE_IN_FULL, "Language"),
        "0.00",
        row.day,
        "",
        "",
        "",
    )


def _pokecollector(row: Row, _collection: Collection) -> Cells:
    item, card = row.item, row.item.card
    return (
        card.set_code,
        card.number,
        str(item.quantity),
        row.condition(words.CONDITION_POKECOLLECTOR),
        row.finish(words.FINISH_POKECOLLECTOR, "variant"),
        row.language(words.LANGUAGE_POKECOLLECTOR, "lang"),
        "",
    )


def _moxfield(row: Row, _collection: Collection) -> Cells:
    item, card = row.item, row.item.card
    return (
        str(item.quantity),
        "0",
        card.name,
        card.set_code.lower(),
        row.condition(words.CONDITION_MOXFIELD, "Condition"),
        row.language(words.LANGUAGE_IN_FULL, "Language"),
        row.finish(words.FINISH_MOXFIELD, "Foil"),
        "",
        f"{item.first_at[:10]} {item.first_at[11:19]}.000000",
        card.number,
        "False",
        "False",
        "",
    )


def _manabox(row: Row, _collection: Collection) -> Cells:
    item, card = row.item, row.item.card
    return (
        card.name,
        card.set_code.upper(),
        card.set_name,
        card.number,
        row.finish(words.FINISH_MANABOX, "Foil"),
        (card.rarity or "").lower(),
        str(item.quantity),
        row.product("manabox"),
        row.product("scryfall"),
        "",
        "false",
        "false",
        row.condition(words.CONDITION_MANABOX, "Condition"),
        row.language(words.LANGUAGE_MANABOX, "Language"),
        "",
    )


def _deckbox(row: Row, _collection: Collection) -> Cells:
    item, card = row.item, row.item.card
    known = (card.name, card.set_name, card.set_code.upper(), card.number)
    condition = row.condition(words.CONDITION_DECKBOX, "Condition")
    language = row.language(words.LANGUAGE_CHINESE, "Language")
    finish = row.finish(words.FINISH_MOXFIELD, "Foil")
    unsaid = ("",) * 11
    ids = (row.product("tcgplayer"), row.product("scryfall"))
    return (str(item.quantity), "0", *known, condition, language, finish, *unsaid, card.rarity or "", "", *ids)


FORMATS: Mapping[str, Format] = {
    "collectr": Format(
        title="Collectr",
        header="Portfolio Name,Category,Set,Product Name,Card Number,Rarity,Variance,Grade,Card Condition,"
        "Average Cost Paid,Quantity,Market Price (As of {today}),Price Override,Watchlist,Date Added,Notes",
        cells=_collectr,
    ),
    "tcgplayer": Format(
        title="TCGplayer's app",
        header="Quantity,Name,Simple Name,Set,Card Number,Set Code,Printing,Condition,Language,Rarity,Product ID,SKU",
        cells=_tcgplayer,
    ),
    "tcgplayer-seller": Format(
        title="TCGplayer's sellers (pricing)",
        header="TCGplayer Id,Product Line,Set Name,Product Name,Title,Number,Rarity,Condition,TCG Market Price,"
        "TCG Direct Low,TCG Low Price With Shipping,TCG Low Price,Total Quantity,Add to Quantity,TCG Marketplace Price,"
        "Photo URL",
        cells=_tcgplayer_seller,
        quoted_rows=True,
    ),
    "cardmarket": Format(
        title="Cardmarket's stock",
        header="idProduct;groupCount;price;idLanguage;condition;isFoil;isSigned;isAltered;isPlayset;isReverseHolo;"
        "isFirstEd;isFullArt;isUberRare;isWithDie",
        cells=_cardmarket,
        delimiter=";",
    ),
    "dragonshield": Format(
        title="Dragon Shield's card manager (web)",
        header="Folder Name,Quantity,Trade Quantity,Card Name,Set Code,Set Name,Card Number,Condition,Printing,"
        "Language,Price Bought,Date Bought,LOW,MID,MARKET",
        cells=_dragonshield,
        before='"sep=,"\r\n',
    ),
    "pokecollector": Format(
        title="PokeCollector",
        header="set_code,number,quantity,condition,variant,lang,purchase_price",
        cells=_pokecollector,
    ),
    "moxfield": Format(
        title="Moxfield",
        header="Count,Tradelist Count,Name,Edition,Condition,Language,Foil,Tags,Last Modified,Collector Number,Alter,"
        "Proxy,Purchase Price",
        cells=_moxfield,
        quoted_header=True,
        quoted_rows=True,
    ),
    "manabox": Format(
        title="ManaBox",
        header="Name,Set code,Set name,Collector number,Foil,Rarity,Quantity,ManaBox ID,Scryfall ID,Purchase price,"
        "Misprint,Altered,Condition,Language,Purchase price currency",
        cells=_manabox,
    ),
    "deckbox": Format(
        title="Deckbox",
        header="Count,Tradelist Count,Name,Edition,Edition Code,Card Number,Condition,Language,Foil,Signed,"
        "Artist Proof,Altered Art,Misprint,Promo,Textless,Printing Id,Printing Note,Tags,My Price,Cost,Rarity,Price,"
        "TcgPlayer ID,Scryfall ID",
        cells=_deckbox,
    ),
}
