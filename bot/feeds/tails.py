"""What outlets write under a summary to lead the reader on, taken off.

Only at the very end, and only whole: in the middle of a text the same words are the article's own.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

_INVITATIONS: Final = "|".join(
    (
        r"continue reading(?: on .{1,60})?",
        r"read (?:more|on|(?:the )?(?:full|rest of the) (?:story|article))(?: here| (?:at|on) \S{1,40})?",
        r"click here to read more",
        r"чита(?:ть|йте) (?:далее|дальше|полностью|ещ[её]|на сайте)(?: на сайте)?",
        r"подробнее(?: на сайте)?",
        r"полный текст(?: статьи| новости)?",
        r"(?:lihat |klik )?selengkapnya",
        r"baca (?:selengkapnya|lebih lanjut|selanjutnya)",
        r"klik di sini",
    )
)
# The name of a site may have dots in it, but no second sentence.
_SITE: Final = r"(?:[^.!?]|[.!?](?! )){1,100}"
_CREDITS: Final = "|".join(
    (
        rf"the (?:post|article) .{{1,300}}? (?:first )?appeared (?:first )?on {_SITE}",
        rf"(?:сообщение|запись) .{{1,300}}? (?:впервые )?появил[аои]сь (?:впервые |сначала )?на {_SITE}",
        rf"(?:artikel|postingan|pos) .{{1,300}}? (?:tampil|muncul) pertama(?: kali)? (?:pada|di) {_SITE}",
        r"submitted by /u/\S{1,40}(?: to r/\S{1,40})? \[link\] \[comments\]",
    )
)
# A few words behind a colon are a headline; a sentence that ends and another that begins are text.
_POINTERS: Final = r"(?:baca juga|читайте также|смотрите также|see also|read also)\s?:\s?[^.!?]{1,200}[.!?]?"
_TAIL: Final = re.compile(
    rf"(?:{_CREDITS}|{_POINTERS}|[(\[]?(?:{_INVITATIONS})[)\]]?\s?(?:[.…:»›>→]{{1,4}}|->)?)\s*\Z",
    re.IGNORECASE,
)
_FIRST_WORDS: Final = (
    r"[(\[]?(?:the (?:post|article)|сообщение|запись|artikel|pos|submitted by|continue|read|click|чита"
    r"|смотрите|подробнее|полный|baca|lihat|klik|selengkapnya|see also)"
)
# Where one may start: at the beginning, or behind the end of a sentence or a dash.
_START: Final = re.compile(
    rf"(?:\A|(?<=[.!?…»”\")\]:>|–—-] )|(?<=[.!?…])|(?<= )(?=submitted by /u/))(?={_FIRST_WORDS})",
    re.IGNORECASE,
)
# Where a tail starts, one of these finds it, but for Reddit's. To seek a sentence's end first, and words only
# behind it, takes a tenth of the time, and nearly all texts have no such place.
_FIRST_LETTERS: Final = r"[(\[]?[tсзapscrчпblk]"
_BEHIND_SENTENCE: Final = re.compile(rf"[.!?…»”\")\]:>|–—-] ?(?i:(?={_FIRST_LETTERS}){_FIRST_WORDS})")
_AT_BEGINNING: Final = re.compile(_FIRST_WORDS, re.IGNORECASE)
# In the middle of a line only with what shows that something follows: a link's text ran into the summary.
_INSIDE: Final = re.compile(
    r"(?<= )(?:Continue [Rr]eading|Read [Mm]ore|Читать (?:далее|полностью)|Подробнее"
    r"|(?:Baca )?[Ss]elengkapnya)\s?(?:\.{2,3}|…|[»→›]|>>?)\s*\Z"
)
_FOLLOWING: Final = ("..", "…", "»", "→", "›", ">")  # how one of these ends
_TAIL_CHARS: Final = 450
_MAX_STARTS: Final = 8  # more of these words so near one another are no article


def without_tail(text: str) -> str:
    """A plain summary without "Read more", "Baca juga: …", "The post … appeared first on …" at its end."""
    if text.rstrip().endswith(_FOLLOWING) and (inside := _INSIDE.search(text, max(0, len(text) - 30))):
        text = text[: inside.start()]
    text = text.rstrip(" >")
    if not _may_have_tail(text):
        return text
    for _ in range(3):  # they come one behind the other
        for found in islice(_START.finditer(text, max(0, len(text) - _TAIL_CHARS)), _MAX_STARTS):
            if _TAIL.match(text, found.start()):
                text = text[: found.start()].rstrip(" -–—|·([")
                break
        else:
            return text
    return text


def _may_have_tail(text: str) -> bool:
    """Whether a tail may start anywhere, by a glance."""
    start = max(0, len(text) - _TAIL_CHARS)
    return bool(
        # A sentence may have ended just before, with a space in between.
        _BEHIND_SENTENCE.search(text, max(0, start - 2))
        or (start == 0 and _AT_BEGINNING.match(text))
        or text.rstrip().endswith("]")  # what Reddit writes needs no sentence's end before it
    )
