"""Which articles are copies of one another: by canonical link and by normalised title.

Pure. Grouping articles that tell the same event in other words comes on top of this; exact copies (one
item in two feeds of an outlet, a wire story run word for word) are grouped here.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import date
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# Shorter titles ("Market report", «Главное за день») come again every day over different news.
MIN_TITLE_WORDS = 4

# Parameters that say where a reader came from, not what he reads.
_TRACKING = re.compile(r"^(utm_.*|fbclid|gclid|yclid|mc_[ce]id|ref|from|source|cmpid|at_.*|_openstat)$", re.I)
_ROUTE = re.compile(r"[!/]")  # `#!/news/1`, `#/news/1`: pages that a script tells apart
_WORD = re.compile(r"\w+")


def canonical_link(url: str) -> str | None:
    """A link without what does not tell pages apart: scheme, `www.`, tracking parameters, fragment.

    None for a link that names no page of its own: some feeds link every item to their front page.
    """
    try:
        parts = urlsplit(url)
        # `?4711` is the page's number with some systems: a parameter without a value, not none.
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:  # a broken IPv6 address, or parameters without end
        return None
    query = urlencode(sorted(pair for pair in pairs if not _TRACKING.match(pair[0])), errors="replace")
    fragment = parts.fragment if _ROUTE.match(parts.fragment) else ""
    path = parts.path.rstrip("/") or "/"
    if path == "/" and not query and not fragment:
        return None
    host = parts.netloc.lower().removeprefix("www.").removeprefix("m.")
    return urlunsplit(("", host, path, query, fragment))


def normalised_title(title: str) -> str | None:
    """A title's words, case and punctuation folded; None when they are too few to mean one event."""
    folded = unicodedata.normalize("NFKC", title).casefold().replace("ё", "е")
    words = _WORD.findall(folded)
    return " ".join(words) if len(words) >= MIN_TITLE_WORDS else None


def story_keys(*, title: str, url: str | None, day: date, fallback: str) -> tuple[str, ...]:
    """The keys of the story an article belongs to (64 hex digits each): articles that share one are one.

    Args:
        day: of publication. A title that comes again on another day ("Nickel price today") is other news.
        fallback: identifies the article itself, used when neither link nor title will do.
    """
    texts = []
    link = canonical_link(url) if url else None
    if link:
        texts.append("link:" + link)
    normalised = normalised_title(title)
    if normalised:
        texts.append(f"title:{day}:{normalised}")
    if not texts:
        texts.append("article:" + fallback)
    return tuple(hashlib.sha256(text.encode(errors="replace")).hexdigest() for text in texts)
