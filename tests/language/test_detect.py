"""Languages are told apart on headlines, and the feed's own word settles what is close."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.language.detect import CODES, Detector


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.mark.parametrize(
    ("text", "prior", "expected"),
    [
        pytest.param(
            "Pemerintah menahan ekspor bauksit sampai pabrik baru selesai", None, "id", id="indonesian"
        ),
        pytest.param(
            "Kerajaan menahan eksport bauksit kerana syarikat belum bersedia",
            "id",
            "ms",
            id="malay on an Indonesian feed",
        ),
        pytest.param("China Siap Beli Logam Tanah Jarang", "id", "id", id="short Indonesian, near Malay"),
        pytest.param("Завод начал плавку меди раньше срока", "ru", "ru", id="russian"),
        pytest.param(
            "Уряд заборонив вивезення руди з країни, і ціни одразу зросли",
            "ru",
            "uk",
            id="ukrainian on a Russian feed",
        ),
        pytest.param(
            "Қазақстан үкіметі сирек жер металдарын өндіруді бастады",
            "ru",
            "kk",
            id="kazakh on a Russian feed",
        ),
        pytest.param(
            "Hewlett-Packard и Lockheed Martin ищут неодим", "ru", "ru", id="Latin names in Russian"
        ),
        pytest.param(
            "The mill will reopen in spring with new furnaces", "id", "en", id="english on an Indonesian feed"
        ),
        pytest.param(
            "Harga nikel turun karena pasokan dari Sulawesi naik lagi",
            "en",
            "id",
            id="indonesian on an English feed",
        ),
        pytest.param("中国将加强稀土出口管制", "en", "zh", id="chinese"),
        pytest.param("Chính phủ Việt Nam sẽ cấm xuất khẩu quặng đất hiếm", "en", "vi", id="vietnamese"),
        pytest.param("OK", "ru", "ru", id="too short to tell"),
        pytest.param("", "id", "id", id="empty, with a prior"),
        pytest.param("", None, "en", id="empty, without"),
        pytest.param("12:30 — 15%", None, "en", id="no letters"),
        pytest.param("", "id-ID", "id", id="a regional prior"),
        pytest.param("", "in", "id", id="the old code of Indonesian"),
        pytest.param("", "tlh", "en", id="a language we don't have is no prior"),
    ],
)
def test_the_language_of_a_headline(detector: Detector, text: str, prior: str | None, expected: str) -> None:
    assert detector.detect(text, prior) == expected


def test_the_answer_is_always_one_of_ours(detector: Detector) -> None:
    for text in ("ελληνικά", "日本語のニュース", "עברית", "🦊🦊🦊", "é", "\ud800"):
        assert detector.detect(text, None) in CODES


def test_threads_share_one_detector() -> None:
    detector = Detector()
    with ThreadPoolExecutor(4) as pool:
        answers = set(
            pool.map(lambda _: detector.detect("Harga nikel turun di bursa London hari ini", None), range(16))
        )
    assert answers == {"id"}
