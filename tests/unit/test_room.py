"""Room for models: what may be used, what is free, one copy for all, who leaves, who is refused, and how far it is."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import core
from app import models
from app.models import cache, loading, room
from app.models.loading import Tell
from app.models.shared_cache import NoRoom, Shelf, weigh
from core import memory
from core.checkpoints import hub
from core.language_model import LanguageModel
from core.trace import Trace
from tests.pages.conftest import random_model

GIB = 2**30


@pytest.fixture(scope="module")
def tales() -> LanguageModel:
    return core.load("tales-gpt", device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models of about 0.9 MB each."""
    root = tmp_path_factory.mktemp("three")
    for seed, name in enumerate("abc"):
        random_model(root / name, seed=seed, d_model=60)
    return root


@pytest.fixture
def three(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf[LanguageModel]]:
    """The three configured, on a shelf of their own that holds two of them."""
    monkeypatch.setenv("GLASSBOX_MODELS", str(folder))
    shelf = Shelf[LanguageModel](64, int(2.5 * models.need(models.resolve("./a"))), lambda: None)
    monkeypatch.setattr(cache, "_finished", shelf)
    monkeypatch.setattr(cache, "_fetched", set())
    yield shelf
    shelf.clear()


# ------------------------------------------------------------------------------------------------- how much there is


def test_the_operator_says_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(room.VARIABLE, " 300 ")
    assert room.allowed() == 300 * 10**6
    monkeypatch.setenv(room.VARIABLE, "1")
    assert room.allowed() == room.LEAST
    monkeypatch.setattr(room, "_whole", lambda: 10 * GIB)
    for nonsense in ("", "much", "-5", "1e3", "٣"):
        monkeypatch.setenv(room.VARIABLE, nonsense)
        assert room.allowed() == 5 * GIB
    monkeypatch.setattr(room, "_whole", lambda: None)
    assert room.allowed() == room.UNKNOWN


def machine(folder: Path, available: int = 900, total: int = 1000) -> Path:
    """A /proc with these kilobytes."""
    folder.mkdir(exist_ok=True)
    (folder / "meminfo").write_text(f"MemTotal: {total} kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n")
    return folder


def group(folder: Path, limit: str, used: int, files: int) -> Path:
    """A control group of version 2."""
    folder.mkdir(exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {files}\n")
    return folder


def test_a_container_has_its_own_limit(tmp_path: Path) -> None:
    proc = machine(tmp_path / "proc")
    assert memory.available(proc, tmp_path / "none") == 900 * 1024
    assert memory.total(proc, tmp_path / "none") == 1000 * 1024
    tight = group(tmp_path / "tight", str(500 * 1024), 300 * 1024, 100 * 1024)
    assert memory.available(proc, tight) == 300 * 1024
    assert memory.total(proc, tight) == 500 * 1024
    for wide in (group(tmp_path / "max", "max", 1, 0), group(tmp_path / "wide", str(10**9), 1, 0)):
        assert memory.available(proc, wide) == 900 * 1024
        assert memory.total(proc, wide) == 1000 * 1024
    over = group(tmp_path / "over", "1024", 5000, 0)
    assert memory.available(proc, over) == 0
    assert memory.available(tmp_path / "gone", tight) is None


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 kB"), (4.5e6, "4.5 MB"), (512_836_332, "513 MB"), (6.4e9, "6.40 GB"), (999.6e6, "1,000 MB")],
)
def test_sizes_read_well(size: float, said: str) -> None:
    assert room.written(size) == said


# ------------------------------------------------------------------------------------------------- the shelf


def test_room_is_made_before_a_model_is_loaded(tales: LanguageModel) -> None:
    size, shelf = weigh(tales), Shelf[LanguageModel](9, 0)
    shelf.most_bytes = 2 * size
    for key in "ab":
        shelf.get(key, lambda: replace(tales), size)
    seen: list[int] = []

    def load() -> LanguageModel:
        seen.append(shelf.bytes)
        return replace(tales)

    shelf.get("c", load, size)
    assert seen == [size], "one had left before the third was loaded"
    assert [shelf.has(key) for key in "abc"] == [False, True, True]


def test_more_than_allowed_or_free_is_refused_with_both_numbers(tales: LanguageModel) -> None:
    size = weigh(tales)
    shelf = Shelf[LanguageModel](9, 2 * size)
    shelf.get("a", lambda: tales, size)
    with pytest.raises(NoRoom, match=r"needs 13 MB of memory, but models may take 8\.4 MB"):
        shelf.get("b", lambda: pytest.fail("it was loaded"), 3 * size)
    assert shelf.has("a"), "nobody has to leave for a model that would not fit anyway"
    free = Shelf[LanguageModel](9, 100 * size, lambda: size // 2)
    with pytest.raises(NoRoom, match=r"needs 4\.2 MB of memory, but this machine has free 2\.1 MB"):
        free.get("b", lambda: pytest.fail("it was loaded"), size)
    with pytest.raises(NoRoom):
        free.check(size)
    Shelf[LanguageModel](9, 100 * size, lambda: None).check(size)


def test_looking_is_no_use(tales: LanguageModel) -> None:
    shelf = Shelf[LanguageModel](2, 10**9)
    for key in "ab":
        shelf.get(key, lambda: replace(tales))
    assert shelf.has("a")
    shelf.get("c", lambda: replace(tales))
    assert [shelf.has(key) for key in "abc"] == [False, True, True]


def test_two_that_do_not_fit_together_are_loaded_one_after_the_other(tales: LanguageModel) -> None:
    size, began, held = weigh(tales), threading.Event(), threading.Event()
    shelf, together = Shelf[LanguageModel](9, int(1.5 * weigh(tales))), [0, 0]

    def load() -> LanguageModel:
        together[0] += 1
        together[1] = max(together)
        began.set()
        held.wait(60)
        together[0] -= 1
        return replace(tales)

    threads = [threading.Thread(target=shelf.get, args=(key, load, size)) for key in "ab"]
    for thread in threads:
        thread.start()
    began.wait(60)
    time.sleep(0.05)
    held.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert together == [0, 1] and len(shelf) == 1


def test_a_failed_load_gives_its_room_back(tales: LanguageModel) -> None:
    size = weigh(tales)
    shelf = Shelf[LanguageModel](9, size)
    for _ in range(3):
        with pytest.raises(OSError, match="no disk"):
            shelf.get("a", lambda: (_ for _ in ()).throw(OSError("no disk")), size)
    assert shelf.get("b", lambda: tales, size) is tales


def test_a_model_that_left_is_whole_for_its_holder_and_gone_afterwards() -> None:
    shelf = Shelf[LanguageModel](1, 10**9)
    held = shelf.get("a", lambda: core.load("tales-gpt", device="cpu"))
    watched = weakref.ref(held.transformer)
    shelf.get("b", lambda: core.load("tales-bert", device="cpu"))
    assert not shelf.has("a")
    assert held.trace("Once").logits.isfinite().all()
    del held
    gc.collect()
    assert watched() is None, "nothing else holds its weights"


# ------------------------------------------------------------------------------------------------- the server's models


def test_two_sessions_share_one_copy_and_the_third_model_sends_the_oldest_away(
    three: Shelf[LanguageModel],
) -> None:
    first = cache.model("./a")
    assert cache.model("./a") is first, "a second visitor gets the very same weights"
    cache.model("./b")
    cache.model("./a")
    cache.model("./c")
    assert [cache.at_hand(f"./{name}") for name in "abc"] == [True, False, True]
    assert three.bytes <= three.limit
    cache.model("./b")
    assert [cache.at_hand(f"./{name}") for name in "abc"] == [False, True, True]
    assert first.trace("the cat").logits.isfinite().all(), "whoever still shows it goes on"
    assert (cache.model("./a").trace("the cat").logits == first.trace("the cat").logits).all()


def test_what_was_computed_on_a_model_does_not_hold_it_when_it_left(three: Shelf[LanguageModel]) -> None:
    three.left = cache._forget
    watched = weakref.ref(cache.model("./a").transformer)
    seen = cache.share(_trace, cache.key("./a"), "the cat")
    assert seen.model is watched()
    del seen
    cache.model("./b")
    cache.model("./c")
    gc.collect()
    assert not cache.at_hand("./a") and watched() is None


def _trace(lm: LanguageModel, text: str) -> Trace:
    return lm.trace(text)


def test_a_model_that_is_too_large_is_refused_before_a_weight_is_read(
    three: Shelf[LanguageModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    three.most_bytes = 200_000
    monkeypatch.setattr(core, "load", lambda *_, **__: pytest.fail("it was loaded"))
    with pytest.raises(models.RefusedModel, match=r"\./a needs \d+ kB of memory, but models may take 200 kB"):
        cache.model("./a")
    with pytest.raises(models.RefusedModel, match="GLASSBOX_MODELS_MB"):
        cache.opening("./b", -1, lambda *_: None)


def test_a_hub_model_that_is_too_large_is_not_even_fetched(
    three: Shelf[LanguageModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    three.most_bytes = 300 * 10**6
    monkeypatch.delenv("GLASSBOX_HUB", raising=False)
    monkeypatch.setattr(hub, "cached", lambda name: None)
    monkeypatch.setattr(hub, "download", lambda *_, **__: pytest.fail("it was fetched"))
    with pytest.raises(models.RefusedModel, match=r"gpt2 needs 513 MB of memory, but models may take 300 MB"):
        cache.opening("openai-community/gpt2", -1, lambda *_: None)


def test_many_who_open_one_model_fetch_and_read_it_once(
    three: Shelf[LanguageModel], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    reads: list[str] = []
    load = core.load

    def download(name: str, progress: hub.Progress | None = None) -> Path:
        if progress is not None:
            fetched.append(name)
            progress(3, 10)
            time.sleep(0.6)  # longer than a visitor waits between two looks
            progress(10, 10)
        return folder / "a"

    def slow(name: str, **options: object) -> LanguageModel:
        reads.append(name)
        return load(name, **options)  # type: ignore[arg-type]

    monkeypatch.setenv("GLASSBOX_HUB", "some/body")
    monkeypatch.setattr(hub, "cached", lambda name: folder / "a" if fetched else None)
    monkeypatch.setattr(hub, "download", download)
    monkeypatch.setattr("core.zoo.download", download)
    monkeypatch.setattr(core, "load", slow)
    told: list[tuple[str, int, int]] = []
    found: list[LanguageModel] = []

    def visit() -> None:
        found.append(cache.opening("some/body", -1, lambda *how_far: told.append(how_far)))

    visitors = [threading.Thread(target=visit) for _ in range(5)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(20)
    assert (fetched, reads, len(found)) == (["some/body"], ["some/body"], 5)
    assert all(lm is found[0] for lm in found)
    assert ("Fetching", 3, 10) in told
    last = told[-1]
    assert last[0] == "Reading" and last[1] == last[2] == 4 * found[0].n_parameters
    assert cache.is_quick("some/body", -1) and loading.under_way(("some/body", 0, -1)) is None


def test_a_visitor_who_leaves_does_not_stop_the_work() -> None:
    going, left = threading.Event(), []

    def work(tell: Tell) -> str:
        tell("Reading", 1, 2)
        going.wait(60)
        left.append("done")
        return "model"

    def leaves(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loading.follow("x", work, leaves, every=0.01)
    job = loading.under_way("x")
    assert job is not None and (job.stage, job.done, job.total) == ("Reading", 1, 2)
    going.set()
    assert loading.follow("x", work, lambda *_: None, every=0.01) == "model"
    assert left == ["done"]


def test_a_failure_reaches_everybody_and_the_next_one_tries_again() -> None:
    tries: list[int] = []

    def work(tell: Tell) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("no network")
        return "model"

    with pytest.raises(ValueError, match="no network"):
        loading.follow("y", work, lambda *_: None, every=0.01)
    assert loading.follow("y", work, lambda *_: None, every=0.01) == "model"


def test_the_shelf_of_the_server_is_bounded_by_bytes() -> None:
    assert cache._finished.limit == room.allowed()
    assert cache._finished.free() == pytest.approx(room.free() or 0, rel=0.2)
    taken, most = cache.held()
    assert 0 <= taken <= most
