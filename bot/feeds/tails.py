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
# Where one may start: at the beginning, or behind the end of a sentence or a dash.
_START: Final = re.compile(
    r"(?:\A|(?<=[.!?…»”\")\]:>|–—-] )|(?<=[.!?…])|(?<= )(?=submitted by /u/))"
    r"(?=[(\[]?(?:the (?:post|article)|сообщение|запись|artikel|pos|submitted by|continue|read|click|чита"
    r"|смотрите|подробнее|полный|baca|lihat|klik|selengkapnya|see also))",
    re.IGNORECASE,
)
# In the middle of a line only with what shows that something follows: a link's text ran into the summary.
_INSIDE: Final = re.compile(
    r"(?<= )(?:Continue [Rr]eading|Read [Mm]ore|Читать (?:далее|полностью)|Подробнее"
    r"|(?:Baca )?[Ss]elengkapnya)\s?(?:\.{2,3}|…|[»→›]|>>?)\s*\Z"
)
_TAIL_CHARS: Final = 450
_MAX_STARTS: Final = 8  # more of these words so near one another are no article
# One of these stands in every tail.
_WORDS: Final = (
    *("appeared on", "first on", "появил", "tampil pertama", "muncul pertama", "submitted by /u/", "reading"),
    *("read ", "see also", "click here", "читать", "читайте", "смотрите", "подробнее", "полный текст"),
    *("baca ", "selengkapnya", "klik di sini"),
)


def without_tail(text: str) -> str:
    """A plain summary without "Read more", "Baca juga: …", "The post … appeared first on …" at its end."""
    lower = text[-_TAIL_CHARS:].casefold()
    if not any(word in lower for word in _WORDS):  # thirty times as fast, and true of nearly all
        return text.rstrip(" >")
    if inside := _INSIDE.search(text, max(0, len(text) - 30)):
        text = text[: inside.start()]
    text = text.rstrip(" >")
    for _ in range(3):  # they come one behind the other
        for found in islice(_START.finditer(text, max(0, len(text) - _TAIL_CHARS)), _MAX_STARTS):
            if _TAIL.match(text, found.start()):
                text = text[: found.start()].rstrip(" -–—|·([")
                break
        else:
            return text
    return text
