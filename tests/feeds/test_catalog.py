"""feeds.yaml: what is read from it, and how it says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.feeds.catalog import LANGUAGES, TIERS, Catalog, CatalogError, FeedSpec, Watch, load_catalog

GOOD = """\
  - url: https://kabar.example/rss
    name: Kabar Tambang
    language: id
    country: ID
    tier: trade
    tags: [mining, nickel]
"""


def load(tmp_path: Path, text: str | bytes) -> Catalog:
    path = tmp_path / "feeds.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_catalog(path)


def test_a_feed_is_read_field_by_field(tmp_path: Path) -> None:
    catalog = load(tmp_path, "feeds:\n" + GOOD + "    interval: 15m\n")
    spec = FeedSpec(
        "https://kabar.example/rss", "Kabar Tambang", "id", "ID", "trade", ("mining", "nickel"), 900
    )
    assert catalog == Catalog((spec,), Watch((), ()), ())


def test_country_tags_and_interval_may_be_left_out(tmp_path: Path) -> None:
    catalog = load(tmp_path, "feeds:\n  - {url: 'http://a.example/', name: A, language: ru, tier: state}\n")
    assert catalog.feeds == (FeedSpec("http://a.example/", "A", "ru", "", "state", (), None),)


def test_how_an_outlet_wants_to_be_asked_is_read(tmp_path: Path) -> None:
    asked = """\
    user_agent: Mozilla/5.0 (X11; rv:140.0)
    fallback: https://news.example/search?q=kabar
    full_text: yes
"""
    [feed] = load(tmp_path, "feeds:\n" + GOOD + asked).feeds
    assert (feed.user_agent, feed.fallback, feed.full_text) == (
        "Mozilla/5.0 (X11; rv:140.0)",
        "https://news.example/search?q=kabar",
        True,
    )
    [plain] = load(tmp_path, "feeds:\n" + GOOD).feeds
    assert (plain.user_agent, plain.fallback, plain.full_text) == (None, None, False)


def test_norway_is_a_country(tmp_path: Path) -> None:
    assert load(tmp_path, "feeds:\n" + GOOD.replace("country: ID", "country: NO")).feeds[0].country == "NO"


def test_watch_names_concepts_and_queries(tmp_path: Path) -> None:
    concepts = "[rare_earths, '#tariffs', tariffs]"
    text = f"feeds:\nwatch:\n  concepts: {concepts}\n  queries:\n    - nickel AND export\n"
    assert load(tmp_path, text).watch == Watch(("rare_earths", "tariffs"), ("nickel AND export",))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1s", 1),
        ("90s", 90),
        ("15m", 900),
        ("1h", 3600),
        ("7d", 604800),
        ("60", 60),
        ("'60'", 60),
        ("", None),
    ],
)
def test_an_interval_is_a_number_and_a_unit(tmp_path: Path, written: str, seconds: int | None) -> None:
    assert load(tmp_path, f"feeds:\n{GOOD}    interval: {written}\n").feeds[0].interval_s == seconds


@pytest.mark.parametrize(
    ("was", "becomes", "line", "field", "expected"),
    [
        ("tier: trade", "tier: offical", 6, "tier", "one of official, agency"),
        ("tier: trade", "tier: offical", 6, "tier", "did you mean official?"),
        ("tier: trade", "tier:", 6, "tier", "one of official"),
        ("language: id", "language: in", 4, "language", "one of id, ru, en"),
        ("language: id", "language: [id]", 4, "language", "one of id"),
        ("country: ID", "country: Indonesia", 5, "country", "two letters"),
        ("tags: [mining, nickel]", "tags: mining", 7, "tags", "a list of words"),
        ("tags: [mining, nickel]", "tags: [mining, [a]]", 7, "tags", "a list of words"),
        ("tags: [mining, nickel]", "interval: 0", 7, "interval", "from 1s"),
        ("tags: [mining, nickel]", "interval: 1.5h", 7, "interval", "such as 90s"),
        ("tags: [mining, nickel]", "interval: 8d", 7, "interval", "to 7d"),
        ("tags: [mining, nickel]", "user_agent: Газета", 7, "user_agent", "plain English letters"),
        ("tags: [mining, nickel]", "user_agent: [a]", 7, "user_agent", "name to give"),
        ("tags: [mining, nickel]", "user_agent: " + "a" * 301, 7, "user_agent", "at most 300"),
        ("tags: [mining, nickel]", "fallback: news.example", 7, "fallback", "http:// or https://"),
        ("tags: [mining, nickel]", "fallback: https://kabar.example:443/rss", 7, "fallback", "another"),
        ("tags: [mining, nickel]", "full_text: maybe", 7, "full_text", "true or false"),
        ("tags: [mining, nickel]", "full_text: [true]", 7, "full_text", "true or false"),
        ("tags: [mining, nickel]", "intervall: 1h", 7, "intervall", "did you mean interval?"),
        ("name: Kabar Tambang", "nmae: Kabar", 3, "nmae", "did you mean name?"),
        ("name: Kabar Tambang", "tier: state", 6, "tier", "each field once"),
        ("https://kabar.example/rss", "kabar.example/rss", 2, "url", "http:// or https://"),
        ("https://kabar.example/rss", "ftp://kabar.example/", 2, "url", "http:// or https://"),
        ("https://kabar.example/rss", "https://kabar.example:port/", 2, "url", "http:// or https://"),
        ("https://kabar.example/rss", "https://[kabar/", 2, "url", "http:// or https://"),
        ("https://kabar.example/rss", "https://kabar.example/a b", 2, "url", "http:// or https://"),
        ("https://kabar.example/rss", "https://kabar.example/" + "a" * 2000, 2, "url", "at most 2000"),
    ],
)
def test_a_problem_names_file_line_field_and_what_was_expected(
    tmp_path: Path, was: str, becomes: str, line: int, field: str, expected: str
) -> None:
    other = GOOD.replace("kabar.example", "lain.example")
    catalog = load(tmp_path, "feeds:\n" + GOOD.replace(was, becomes) + other)
    assert [feed.url for feed in catalog.feeds] == ["https://lain.example/rss"]
    problem = next(each for each in catalog.problems if each.field == field)
    assert problem.line == line
    assert expected in problem.expected
    assert str(problem).startswith(f"{tmp_path / 'feeds.yaml'}, line {line}: {field}: expected ")
    assert "\n" not in str(problem)


@pytest.mark.parametrize("field", ["url", "name", "language", "tier"])
def test_a_missing_field_is_said_at_the_feeds_first_line(tmp_path: Path, field: str) -> None:
    fields = {"url": "https://a.example/", "name": "A", "language": "id", "tier": "trade"}
    del fields[field]
    feed = ", ".join(f"{name}: '{value}'" for name, value in fields.items())
    catalog = load(tmp_path, f"# a comment\nfeeds:\n  - {{{feed}}}\n")
    (problem,) = catalog.problems
    assert (problem.line, problem.field, problem.got) == (3, field, "nothing")


def test_everything_wrong_is_said_at_once_in_the_files_order(tmp_path: Path) -> None:
    feeds = "  - just a text\n  -\n  - tier: x\n    url: y\n    name: A\n    language: id\n"
    text = f"watch: [x]\nfeeds:\n{feeds}extra: 1\n"
    catalog = load(tmp_path, text)
    assert catalog.feeds == ()
    assert [(problem.line, problem.field) for problem in catalog.problems] == [
        (1, "watch"),
        (3, "feed"),
        (4, "feed"),
        (5, "tier"),
        (6, "url"),
        (9, "extra"),
    ]


def test_what_is_wrong_in_watch_does_not_stop_the_rest(tmp_path: Path) -> None:
    text = f"feeds:\n{GOOD}watch:\n  concepts: [Rare Earths, tariffs]\n  queries: nickel\n  quieries: []\n"
    catalog = load(tmp_path, text)
    assert len(catalog.feeds) == 1
    assert catalog.watch == Watch(("tariffs",), ())
    assert [problem.field for problem in catalog.problems] == ["concepts", "queries", "quieries"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://kabar.example/rss", "https://kabar.example/rss"),
        ("https://kabar.example/rss", "https://KABAR.example:443/rss#top"),
        ("http://kabar.example", "http://kabar.example:80/"),
    ],
)
def test_a_feed_that_stands_twice_is_read_once(tmp_path: Path, first: str, second: str) -> None:
    url = "https://kabar.example/rss"
    catalog = load(tmp_path, "feeds:\n" + GOOD.replace(url, first) + GOOD.replace(url, second))
    assert [feed.url for feed in catalog.feeds] == [first]
    (problem,) = catalog.problems
    assert (problem.line, problem.field) == (8, "url")
    assert "already on line 2" in problem.expected


def test_two_feeds_of_one_site_are_two(tmp_path: Path) -> None:
    catalog = load(tmp_path, "feeds:\n" + GOOD + GOOD.replace("/rss", "/rss?section=2"))
    assert len(catalog.feeds) == 2


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    secret = GOOD.replace("https://", "https://me:geheim@")
    catalog = load(tmp_path, "feeds:\n" + secret + secret + secret.replace("https:", "gopher:"))
    assert len(catalog.problems) == 2
    assert not any("geheim" in str(problem) for problem in catalog.problems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("- url: https://a.example/\n", "expected a mapping"),
        ("just text", "expected a mapping"),
        ("watch: {}\n", "no feeds:"),
        ("feeds: [\n", "not valid YAML"),
        ("feeds:\n\t- url: x\n", "line 2"),
        ("feeds: *nobody\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        (b"feeds: \xff\xfe\xfa\n", "UTF-8"),
        ('feeds: "\\U99999999"\n', "YAML"),
        ("[" * 20_000, "YAML"),
        ("#" * (1024 * 1024 + 1), "larger than 1024 KiB"),
    ],
    ids=[
        "empty",
        "a comment",
        "a list",
        "a text",
        "no feeds",
        "an open bracket",
        "a tab",
        "an unknown alias",
        "two documents",
        "no text",
        "an impossible character",
        "depth",
        "size",
    ],
)
def test_a_file_that_is_no_catalogue_is_an_error_that_says_what_to_do(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    with pytest.raises(CatalogError, match=words) as caught:
        load(tmp_path, text)
    assert "feeds.yaml" in caught.value.subject
    assert caught.value.hint


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such file"):
        load_catalog(tmp_path / "nowhere.yaml")
    with pytest.raises(CatalogError, match="directory"):
        load_catalog(tmp_path)


def test_aliases_that_would_unfold_to_billions_cost_nothing(tmp_path: Path) -> None:
    layers = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 30))
    catalog = load(
        tmp_path, f"l0: &l0 [x]\n{layers}feeds: &f\n{GOOD}  - *l29\n  - *f\nwatch: &w {{concepts: [*w]}}\n"
    )
    assert len(catalog.feeds) == 1


def test_the_default_list_is_sound_and_worth_having() -> None:
    catalog = load_catalog(Path(__file__).parents[2] / "feeds.yaml")
    assert catalog.problems == ()
    assert {feed.language for feed in catalog.feeds} == {"id", "ru", "en"}
    assert {feed.tier for feed in catalog.feeds} == set(TIERS)
    assert all(feed.tags and feed.country for feed in catalog.feeds)
    assert {"rare_earths", "nickel", "export_controls"} <= set(catalog.watch.concepts)
    assert catalog.watch.queries
    assert {feed.language for feed in catalog.feeds} <= set(LANGUAGES)


CONCEPTS = """
feeds:
  - {url: "https://a.example/rss", name: A, language: en, tier: trade}
concepts:
  tea:
    name: Tea
    terms: {en: [tea, no, {any: leaf, within: 3}]}
"""


def test_concepts_are_passed_on_as_plain_data(tmp_path: Path) -> None:
    catalog = load_catalog(written_in(tmp_path, CONCEPTS))
    terms = {"en": ["tea", "no", {"any": "leaf", "within": 3}]}
    assert catalog.concepts == {"tea": {"name": "Tea", "terms": terms}}
    assert not catalog.problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("concepts:\n  tea:", "concepts: [tea]\nx:", "line 4: concepts: expected a mapping of concepts"),
        ("    name: Tea", "    name: Tea\n    name: Tee", "line 7: name: expected each name once"),
        ("  tea:", "  tea: {name: x}\n  tea:", "line 6: concepts: expected each concept once"),
    ],
)
def test_concepts_of_a_bad_form_are_told_with_their_line(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    catalog = load_catalog(written_in(tmp_path, CONCEPTS.replace(old, new)))
    assert any(problem in str(each) for each in catalog.problems), catalog.problems
    assert len(catalog.feeds) == 1


def test_aliases_that_blow_up_in_concepts_are_cut_short(tmp_path: Path) -> None:
    levels = "\n".join(f"  c{n}: &c{n} [{', '.join([f'*c{n - 1}'] * 10)}]" for n in range(1, 9))
    catalog = load_catalog(written_in(tmp_path, f"feeds: []\nconcepts:\n  c0: &c0 [x]\n{levels}\n"))
    assert any("at most" in str(problem) for problem in catalog.problems)


def written_in(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(text, "utf-8")
    return path
