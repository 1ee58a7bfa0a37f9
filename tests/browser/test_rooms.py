"""A class in real browsers: teacher, projector and phones at 390 pixels, through a whole question and its faults."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from core.rooms import Asking, Rooms
from tests.browser import driver
from tests.ports import free_port

left_to_full = pytest.mark.full(reason="whole classes with many tabs; a phone votes in the quick tier")

TEXT = "A red ball was lost. She found the red"


BARS = {
    "class_bar": ".gb-class",
    "class_follow": ".gb-class-follow",
}  # in the page's own colours, so no components


def shown(page: Page, name: str, holds: Callable[[Any], bool]) -> Any:
    """What a screen of the room shows, as soon as this holds."""
    if name not in BARS:
        return driver.wait_for_state(page, name, holds)
    deadline = time.monotonic() + driver.SECONDS
    bar = page.locator(BARS[name])
    while True:
        state = json.loads(bar.get_attribute("data-state") or "null") if bar.count() else None
        if state is not None and holds(state):
            return state
        assert time.monotonic() < deadline, f"{name} did not reach the state; it has {state}"
        page.wait_for_timeout(20)


@contextmanager
def phones_of(browser: Browser, server: driver.Server, code: str, count: int) -> Iterator[list[Page]]:
    """Phones that have joined, each a browser of its own."""
    pages = []
    with ExitStack() as contexts:
        for _ in range(count):
            page = contexts.enter_context(
                driver.new_context(browser, server, viewport=driver.PHONE)
            ).new_page()
            page.goto(f"/join/{code}")
            pages.append(page)
        for page in pages:
            shown(page, "class_phone", lambda now: now.get("number"))
        yield pages


def phase(name: str, n: int = 1, round: int = 1) -> Callable[[Any], bool]:
    """Whether a screen shows this phase of this round of a question."""
    return lambda now: (now.get("phase"), now.get("n"), now.get("round")) == (name, n, round)


def chosen(choice: int) -> Callable[[Any], bool]:
    """Whether a phone shows that this choice, its first, is counted."""
    return lambda now: bool(now["sent"] and now["choices"] == [choice])


def open_room(page: Page) -> str:
    """Open a room from the page that is shown; returns its code."""
    page.locator(".st-key-tool-class button").first.click()
    page.locator(".gb-class-big").wait_for()
    code: str = shown(page, "class_bar", lambda now: now["phase"] == "lobby")["code"]
    return code


# In the first frame that has the button: whether a click on it would hit it.
JUST_COME = """() => {
  const button = document.querySelector('.gb-class [data-act=talk]');
  if (!button) return '';
  const at = button.getBoundingClientRect();
  const hit = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
  return button.contains(hit) ? 'would be hit' : 'rests';
}"""


class Air:
    """The air between a phone and the server: a proxy of bytes that can be cut, as airplane mode does."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.open: list[socket.socket] = []
        self.through = True
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through, and break what is open."""
        self.through = False
        for one in self.open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near = self.door.accept()[0]
                if not self.through:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.to))
                self.open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def act(page: Page, name: str) -> None:
    """Press a button of the teacher's bar."""
    page.locator(f'.gb-class [data-act="{name}"]').click()


def fits(page: Page) -> None:
    """Nothing is wider than the screen, and axe-core finds nothing."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not driver.axe_lines(driver.axe(page))


@left_to_full
def test_a_class_from_the_first_click_to_the_end(page: Page, browser: Browser, server: driver.Server) -> None:
    driver.open_page(page, "loss", text=TEXT)
    code = open_room(page)
    screen = driver.new_context(browser, server).new_page()
    screen.goto(f"/room/{code}/screen")
    expect(screen.locator(".gb-qr svg")).to_be_visible()
    with phones_of(browser, server, code, 3) as phones:
        numbers = {shown(phone, "class_phone", lambda now: now.get("number"))["number"] for phone in phones}
        assert len(numbers) == 3
        shown(screen, "class_screen", lambda now: now["here"] == 3)
        shown(page, "class_bar", lambda now: now["here"] == 3)
        for one in (*phones[:1], screen):
            fits(one)

        # The teacher goes to a page, the room's view goes along, and the page's own question is asked.
        driver.open_page(page, "loss", text=TEXT)
        shown(page, "class_bar", lambda now: now["lead"].startswith("/loss?"))
        asked = page.locator(".st-key-gb-card-predict .gb-line span").first.inner_text()
        page.locator(".st-key-predict-class button").first.click()
        for phone in phones:
            shown(phone, "class_phone", phase("open"))
            assert phone.locator("h2").inner_text() == f"{asked} The text is: {TEXT}", "a phone shows no page"
        fits(phones[0])
        for phone, choice in zip(phones, (0, 1, 0)):
            phone.locator(f'[data-at="{choice}"]').click()
        phones[2].locator('[data-at="2"]').click()  # what was tapped last counts
        for phone, choice in zip(phones, (0, 1, 2)):
            shown(phone, "class_phone", chosen(choice))
        seen = shown(screen, "class_screen", lambda now: now["answered"] == 3)
        assert seen["bars"] is None and seen["answer"] is None
        shown(page, "class_bar", lambda now: now["answered"] == 3 and now["bars"] == [[1, 1, 1]])
        fits(screen)

        act(page, "close")
        page.mouse.down()
        page.mouse.up()  # an impatient second click, where the pointer rests
        expect(page.locator(".gb-class [data-act=closing]")).to_be_disabled()
        found = page.wait_for_function(JUST_COME).json_value()
        assert found == "rests", "a third click hits nothing that has just come there"
        for phone in phones:
            shown(phone, "class_phone", phase("closed"))
        assert phones[0].locator("button").count() == 0, "nothing to tap"
        late = phones[0].evaluate(
            """async (room) => (await fetch(`/rooms/${room}/vote`, {method: 'PUT',
              body: JSON.stringify({n: 1, round: 1, choice: 1})})).status""",
            shown(page, "class_bar", lambda now: True)["room"],
        )
        assert late == 409

        # Talk, vote again, reveal.
        act(page, "talk")
        expect(phones[0].locator("[role=status]")).to_have_text("Talk to somebody who chose otherwise.")
        act(page, "again")
        for phone in phones:
            state = shown(phone, "class_phone", phase("open", round=2))
            assert state["choices"][1] is None
            phone.locator('[data-at="0"]').click()
        shown(page, "class_bar", lambda now: now["answered"] == 3 and now["round"] == 2)

        # The teacher's own phone closes the vote, by a link that works once.
        act(page, "remote")
        link = urlsplit(page.locator(".gb-class-remote code").inner_text())
        context = driver.new_context(browser, server, viewport=driver.PHONE)
        remote = context.new_page()
        remote.goto(f"{link.path}#{link.fragment}")
        shown(remote, "class_remote", lambda now: now["answered"] == 3)
        assert "#" not in remote.url
        fits(remote)
        remote.locator('[data-act="close"]').click()
        shown(remote, "class_remote", phase("closed", round=2))
        context.close()
        shown(screen, "class_screen", phase("closed", round=2))
        act(page, "reveal")
        revealed = shown(screen, "class_screen", phase("revealed", round=2))
        assert revealed["answer"] is not None and revealed["bars"] == [None, None], (
            "three votes are too few to break down"
        )
        few = "3 voted: from 5 votes on"
        for note in (screen.locator(".gb-note"), page.locator(".gb-class-few")):
            expect(note).to_contain_text(few)
        for phone in phones:
            shown(phone, "class_phone", phase("revealed", round=2))
            expect(phone.locator(".gb-note")).to_contain_text(few)
            expect(phone.locator(".gb-because")).not_to_be_empty()
        fits(phones[0])
        with page.expect_download() as download:
            page.get_by_role("link", name="Save counts").click()
        assert "1,0" not in Path(download.value.path()).read_text(encoding="utf-8").splitlines()[0]

        act(page, "end")
        act(page, "end")  # asked once whether it is meant
        for phone in phones:
            shown(phone, "class_phone", lambda now: now["phase"] == "ended")
        shown(screen, "class_screen", lambda now: now["phase"] == "ended")
        expect(page.locator(".gb-class")).to_have_count(0)
        phones[0].reload()
        shown(phones[0], "class_phone", lambda now: now["phase"] == "code")
    screen.context.close()


@left_to_full
def test_a_view_follows_until_it_is_touched(page: Page, browser: Browser, server: driver.Server) -> None:
    driver.open_page(page, "loss", text=TEXT)
    code = open_room(page)
    driver.open_page(page, "attention", text=TEXT, block=1, head=2)
    room = shown(page, "class_bar", lambda now: now["lead"].startswith("/attention?"))["room"]
    student = driver.new_context(browser, server).new_page()
    student.goto(f"/join/{code}")
    shown(student, "class_phone", lambda now: now.get("number"))
    student.goto(f"/rooms/{room}/view")
    driver.wait_until_drawn(student)
    shown(student, "class_follow", lambda now: now["settled"])
    assert driver.component_state(student, "attention")["head"] == 2
    expect(student.locator(".gb-class")).to_have_count(0)

    with phones_of(browser, server, code, 1) as (phone,):
        shown(phone, "class_phone", lambda now: now["picture"] != "")
        picture = phone.frame_locator("iframe.gb-picture")
        expect(picture.locator('[data-component="attention"]')).to_be_visible()
        fits(phone)

    driver.open_page(page, "loss", text="The cat saw the dog")
    student.wait_for_url("**/loss?*")
    driver.wait_until_drawn(student)
    shown(student, "class_follow", lambda now: now["settled"] and not now["own"])
    assert "The cat" in "".join(driver.component_state(student, "loss")["tokens"])

    driver.component(student, "loss").focus()
    student.keyboard.press("ArrowUp")
    shown(student, "class_follow", lambda now: now["own"])
    student.locator('.gb-class-follow [data-act="send"]').click()
    expect(student.locator(".gb-class-follow [role=status]")).to_contain_text("Sent")
    shown(page, "class_bar", lambda now: now["sent"] == 1)
    act(page, "sent")
    expect(page.locator(".gb-class-sent li")).to_contain_text("Loss “The cat saw the dog”")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Look").click()
    expect(popup.value.locator('[data-component="loss"]')).to_be_visible()
    expect(popup.value.locator(".gb-class")).to_have_count(0)
    popup.value.close()
    page.get_by_role("button", name="Lead with it").click()
    follow = parse_qs(urlsplit(student.url).query)["follow"][0]
    shown(page, "class_bar", lambda now: f"follow={follow}" in now["lead"])
    driver.open_page(page, "attention", text=TEXT)
    shown(page, "class_bar", lambda now: now["lead"].startswith("/attention?"))
    student.wait_for_timeout(1500)
    assert "/loss" in student.url, "nobody is taken along by force"
    act(page, "gather")
    expect(student.locator('.gb-class-follow [data-act="stay"]')).to_be_visible()
    student.locator('.gb-class-follow [data-act="follow"]').click()
    student.wait_for_url("**/attention?*")

    # Who looks at a view hears that the class is asked, answers, and comes back to the view.
    said = student.locator(".gb-class-follow [role=status]")
    page.locator(".st-key-gb-card-predict").get_by_role("button", name="Ask the class").click()
    expect(page.locator(".gb-class-asked")).to_be_visible()
    expect(said).to_have_text("The class votes.")
    student.locator('.gb-class-follow [data-act="answer"]').click()
    shown(student, "class_phone", phase("open"))
    student.locator('[data-at="1"]').click()
    shown(student, "class_phone", chosen(1))
    asked = student.locator("iframe.gb-picture")
    expect(asked).to_be_visible()
    # The teacher's page may show the answer meanwhile: on phones it stays the picture that the question was asked of.
    before, src = shown(student, "class_phone", lambda now: now["picture"] != ""), asked.get_attribute("src")
    driver.component(page, "attention").focus()
    page.keyboard.press("ArrowUp")
    shown(student, "class_phone", lambda now: now["picture"] not in ("", before["picture"]))
    expect(asked).to_be_visible()
    assert src and src.endswith(before["picture"]) and asked.get_attribute("src") == src
    student.go_back()
    expect(said).to_have_text("The class votes.")
    act(page, "close")
    shown(page, "class_bar", phase("closed"))
    expect(said).to_have_text("You follow the class.")
    act(page, "reveal")
    shown(page, "class_bar", phase("revealed"))
    expect(page.locator(".gb-class-asked")).to_be_hidden()
    act(page, "pause")
    expect(said).to_have_text("Look up.")
    act(page, "resume")

    # In projector mode the bar stands in the window, and so does the end of the page.
    page.get_by_role("button", name="Projector", exact=True).click()
    expect(page.get_by_role("button", name="Leave projector mode")).to_be_visible()
    driver.wait_until_drawn(page)
    bar = page.locator(".gb-class").bounding_box()
    assert bar and page.viewport_size and bar["y"] + bar["height"] <= page.viewport_size["height"] + 1
    page.get_by_role("button", name="Leave projector mode").click()
    act(page, "end")
    act(page, "end")
    expect(student.locator(".gb-class-follow")).to_have_count(0)

    # On a shared computer, the next learner begins as a browser that was never here.
    before = {one["name"]: one["value"] for one in student.context.cookies()}
    student.evaluate("localStorage.setItem('glassbox.test', '1')")
    forget = student.locator("[data-testid=stSidebar] .gb-forget")
    forget.get_by_role("button", name="Forget me here").click()
    forget.get_by_role("button", name="Keep it").click()
    forget.get_by_role("button", name="Forget me here").click()
    forget.get_by_role("button", name="Delete all of it").click()
    student.wait_for_url(lambda url: "/attention" not in url)
    driver.wait_until_drawn(student)
    after = {one["name"]: one["value"] for one in student.context.cookies()}
    assert after["glassbox_owner"] != before["glassbox_owner"] and "glassbox_member" not in after
    assert student.evaluate("localStorage.getItem('glassbox.test')") is None
    student.context.close()


@left_to_full
def test_a_locked_room_says_so_on_the_projector_and_on_a_new_phone(
    page: Page, browser: Browser, server: driver.Server
) -> None:
    driver.open_page(page, "classroom", text=TEXT)
    page.locator(".st-key-class-open button").first.click()
    code = shown(page, "class_bar", lambda now: now["phase"] == "lobby")["code"]
    screen = driver.new_context(browser, server).new_page()
    screen.goto(f"/room/{code}/screen")
    expect(screen.locator(".gb-how")).to_have_text("Scan, or type the address and the six letters")
    page.get_by_role("button", name="Lock the room").click()
    expect(screen.locator(".gb-how")).to_have_text("The room is locked: nobody new can join now.")
    phone = driver.new_context(browser, server, viewport=driver.PHONE).new_page()
    phone.goto(f"/join/{code}")
    expect(phone.get_by_text("The teacher has locked this room")).to_be_visible()
    screen.context.close()
    phone.context.close()


@left_to_full
def test_a_phone_in_airplane_mode_comes_back_right(browser: Browser, server: driver.Server) -> None:
    with closing(server.store()) as store:
        rooms, owner = Rooms(store.database), "9" * 32
        room = rooms.open(owner)
        rooms.ask(room.id, owner, Asking("Which?", ("one", "two")))
        air = Air(urlsplit(server.url).port or 0)
        context = driver.new_context(browser, server, viewport=driver.PHONE)
        phone = context.new_page()
        phone.goto(f"{air.url}/join/{room.code}")
        shown(phone, "class_phone", phase("open"))
        air.cut()
        shown(phone, "class_phone", lambda now: now["lost"])
        phone.locator('[data-at="1"]').click()
        state = shown(phone, "class_phone", lambda now: not now["sent"])
        assert "sent when it is back" in state["said"]
        rooms.close(room.id, owner, 0.0)
        rooms.again(room.id, owner)
        air.through = True
        state = shown(phone, "class_phone", lambda now: not now["lost"] and now["round"] == 2)
        assert state["choices"] == [None, None] and state["sent"], (
            "a tap of the first vote is none in the second"
        )
        look = rooms.look(room.id)
        assert look is not None and look.bars(1) == look.bars(2) == [0, 0]
        rooms.end(room.id, owner)
        shown(phone, "class_phone", lambda now: now["phase"] == "ended")
        context.close()
        air.door.close()


def test_a_state_from_before_a_vote_does_not_undo_it(browser: Browser, server: driver.Server) -> None:
    with closing(server.store()) as store:
        rooms, owner = Rooms(store.database), "6" * 32
        room = rooms.open(owner)
        rooms.ask(room.id, owner, Asking("Which?", ("one", "two")))
        context = driver.new_context(browser, server, viewport=driver.PHONE)
        phone = context.new_page()
        told: list[str] = []

        def tell_again(route: Route) -> None:
            """Answer with what the first connection was told, and close: the browser asks anew at once."""
            state = (
                told[0] if told else route.fetch(url=route.request.url.replace("/events", "/state")).text()
            )
            told.append(state)
            route.fulfill(
                content_type="text/event-stream", body=f"retry: 50\nevent: state\ndata: {state}\n\n"
            )

        phone.route("**/events?**", tell_again)
        phone.goto(f"/join/{room.code}")
        shown(phone, "class_phone", phase("open"))
        phone.locator('[data-at="1"]').click()
        shown(phone, "class_phone", chosen(1))
        counted = len(told)
        assert chosen(1)(shown(phone, "class_phone", lambda now: len(told) > counted + 3))
        phone.unroute("**/events?**")
        rooms.close(room.id, owner, 0.0)
        assert chosen(1)(shown(phone, "class_phone", phase("closed")))
        rooms.end(room.id, owner)
        context.close()


@left_to_full
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_projector_shows_the_page_and_hides_the_bars(
    page: Page, browser: Browser, server: driver.Server, theme: str
) -> None:
    driver.open_page(page, "classroom", text=TEXT)
    page.locator(".st-key-class-open button").first.click()
    code = shown(page, "class_bar", lambda now: now["phase"] == "lobby")["code"]
    screen = driver.new_context(browser, server, theme).new_page()
    screen.goto(f"/room/{code}/screen")
    with phones_of(browser, server, code, 5) as phones:
        page.locator(".st-key-class-ask button").first.click()
        expect(page.locator(".gb-class-busy")).to_be_visible()
        expect(page.locator(".st-key-class-ask")).to_be_hidden()
        for at, phone in enumerate(phones[:3]):
            shown(phone, "class_phone", phase("open"))
            phone.locator(f'[data-at="{at % 2}"]').click()
        for phone, word in zip(phones[3:], ("<b>kite</b>", "<B>kite</b>")):
            shown(phone, "class_phone", phase("open"))
            phone.get_by_role("button", name="something else").click()
            expect(phone.locator("#word")).to_be_focused()
            expect(phone.locator(".gb-option.opens .gb-letter")).to_have_text("H")
            fits(phone)
            phone.keyboard.type(f"{word} and much more than that")
            phone.keyboard.press("Enter")
            state = shown(phone, "class_phone", lambda now: now["sent"] and now["words"] != [""])
            assert state["words"] == [f"{word} and much"[:20].strip()]
        shown(page, "class_bar", lambda now: now["answered"] == 5)
        votes = shown(page, "classroom", lambda now: now["votes"] and sum(now["votes"][0]) == 5)["votes"]
        assert votes[0][:2] == [2, 1] and votes[0][-1] == 2
        act(page, "close")
        assert shown(screen, "class_screen", phase("closed"))["told"] == []
        if theme == "light":  # before Reveal, a tap shows them; after it they stand there without
            act(page, "show")
            assert shown(screen, "class_screen", lambda now: now["bars"])["bars"] == votes
        act(page, "fold")
        listed = page.locator(".gb-class-words li")
        expect(listed).to_have_count(1)
        expect(listed.locator("small")).to_contain_text("2 votes · the model has no token")
        listed.get_by_role("button", name="Show").click()
        shown(screen, "class_screen", lambda now: len(now["told"]) == 1)
        expect(screen.locator(".gb-told b")).to_have_count(0)
        expect(screen.locator(".gb-told")).to_contain_text("<b>kite</b>", ignore_case=True)
        act(page, "reveal")
        assert shown(screen, "class_screen", phase("revealed"))["bars"] == votes
        expect(screen.locator(".gb-option").first).to_contain_text("2 votes")
        expect(phones[0].locator(".gb-option").first).to_contain_text("2 votes · 40 % · the model")
        large = "parseFloat(getComputedStyle(document.querySelector('.gb-votes.model')).fontSize)"
        assert screen.viewport_size and screen.evaluate(large) >= 28 * min(
            1, screen.viewport_size["width"] / 1366
        )
        expect(screen.locator(".gb-place")).to_contain_text("The model gave “")
        expect(phones[0].locator(".gb-told")).to_contain_text("2 votes · the model")
        for one in (screen, phones[0]):
            fits(one)
        act(page, "next")
        driver.open_page(page, "loss", text=TEXT)
        frame = screen.frame_locator("iframe.gb-led")
        expect(frame.locator('[data-component="loss"]')).to_be_visible()
        expect(frame.locator(".gb-class")).to_have_count(0)
        act(page, "end")
        act(page, "end")
        shown(screen, "class_screen", lambda now: now["phase"] == "ended")
    screen.context.close()


@left_to_full
def test_a_server_that_is_killed_in_the_middle_of_a_vote_shows_the_true_state(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    with driver.serving(tmp_path, port=port) as server, closing(server.store()) as store:
        rooms = Rooms(store.database)
        owner = "7" * 32
        room = rooms.open(owner)
        rooms.ask(room.id, owner, Asking("Which?", ("one", "two")))
        with phones_of(browser, server, room.code, 2) as phones:
            for at, phone in enumerate(phones):
                shown(phone, "class_phone", phase("open"))
                phone.locator(f'[data-at="{at}"]').click()
                shown(phone, "class_phone", lambda now: now["sent"])
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            shown(phones[0], "class_phone", lambda now: now["lost"])
            phones[0].locator('[data-at="1"]').click()  # it waits for the connection
            rooms.close(room.id, owner, 600.0)
            with driver.serving(tmp_path, port=port):
                state = shown(phones[0], "class_phone", lambda now: not now["lost"] and now["sent"])
                assert state["choices"] == [1] and state["phase"] == "open"
                shown(phones[1], "class_phone", lambda now: not now["lost"])
                look = rooms.look(room.id)
                assert look is not None and look.bars(1) == [0, 2] and look.answered == 2, (
                    "none lost, none twice"
                )
                rooms.end(room.id, owner)
                for phone in phones:
                    shown(phone, "class_phone", lambda now: now["phase"] == "ended")
