"""Lessons in a real browser: each played to its end by mouse; what stays in the browser."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, ViewportSize

from app.lessons import library
from app.lessons.reading import TEXT_BOX, Lesson
from tests.browser import driver
from tests.browser.playing import STATE, answer, at, every_lesson

left_to_full = pytest.mark.full(reason="whole lessons; the first steps of one are played in the quick tier")


@pytest.fixture(scope="module")
def server(real_server: driver.Server) -> driver.Server:
    """The app as everybody has it: one lesson plays on a published model."""
    return real_server


def pointed(page: Page, lesson: Lesson, mark: int) -> None:
    """What the step points at is framed in a picture, unless the answer brings it."""
    step = lesson.steps[mark - 1]
    if not step.point:
        return
    if step.point == TEXT_BOX:
        typed = page.get_by_label("Your text", exact=True).first
        assert typed.is_visible() and typed.evaluate("box => getComputedStyle(box).outlineStyle") == "solid"
        return
    framed = page.locator(f'.gb-figure[data-point="{step.point}"] .gb-point')
    framed.wait_for(state="visible")
    box = framed.bounding_box()
    assert box is not None and box["width"] > 8 and box["height"] > 8


@left_to_full
@every_lesson
def test_every_step_by_mouse(lesson: Lesson, page: Page) -> None:
    driver.open_page(page, lesson.steps[0].at.slug, path=lesson.name)
    for mark, step in enumerate(lesson.steps, 1):
        now = at(page, mark)
        assert (now["name"], now["own"]) == (step.title, ""), f"step {mark}"
        if step.question is None or step.shows is None:
            pointed(page, lesson, mark)
        if step.question is not None:
            now = answer(page, (step.question.right + 1) % len(step.question.options))
            assert now["right"] == step.question.right and now["own"] == "" and now["done"], f"step {mark}"
            assert step.question.because.replace("`", "")[:40] in page.locator(".gb-lesson-live").inner_text()
        broken = page.get_by_text(driver.BROKEN)
        assert broken.count() == 0, f"step {mark}"
        page.locator('.gb-lesson [data-act="next"]').click()
    page.wait_for_selector(".gb-lesson", state="detached")
    kept = page.evaluate("JSON.parse(localStorage['glassbox.lessons'])")[lesson.name]
    assert kept["at"] == len(lesson.steps) and len(kept["answers"]) == sum(
        1 for step in lesson.steps if step.question
    )


@left_to_full
def test_a_choice_moves_no_button_and_the_end_says_what_was_answered(page: Page) -> None:
    lesson = library.find("why-ball")
    wrong = (4, 8)
    driver.open_page(page, lesson.steps[0].at.slug, path=lesson.name)
    boxes = "map(one => Object.values(one.getBoundingClientRect().toJSON()))"
    places = f"[...document.querySelectorAll('.gb-lesson-option')].{boxes}"
    for mark, step in enumerate(lesson.steps, 1):
        at(page, mark)
        if step.question is not None:
            before = page.evaluate(places)
            answer(page, (step.question.right + (mark in wrong)) % len(step.question.options))
            assert page.evaluate(places) == before, f"step {mark}"
        if mark < len(lesson.steps):
            page.locator('.gb-lesson [data-act="next"]').click()
    said = page.locator(".gb-lesson-result")
    assert said.inner_text().startswith(
        "You answered 10 of 12 questions right. These 2 are worth another look: "
    )
    assert said.locator("button").all_inner_texts() == [lesson.steps[mark - 1].title for mark in wrong]
    assert lesson.ends in page.locator(".gb-lesson-ends").inner_text()
    said.locator("button").last.click()
    now = at(page, 8)
    assert now["answered"] is not None and now["right"] != now["answered"]


def test_start_here_go_on_and_forget(page: Page) -> None:
    driver.open_page(page, "home")
    assert "Start here" in page.locator(".gb-start").inner_text()
    page.locator(".gb-start [data-start]").click()
    at(page, 1)
    answer(page, 0)
    page.locator('.gb-lesson [data-act="next"]').click()
    at(page, 2)
    page.locator('.gb-lesson [data-act="leave"]').click()
    page.wait_for_selector(".gb-start")
    assert (
        "Go on" in page.locator(".gb-start").inner_text()
        and "step 2" in page.locator(".gb-start").inner_text()
    )
    page.locator(".gb-start [data-start]").click()
    at(page, 2)
    page.locator('.gb-lesson [data-act="back"]').click()
    now = at(page, 1)
    assert now["answered"] == 0, "the answer of before is kept"
    page.reload()
    now = at(page, 1)
    page.wait_for_function(f"{STATE}.answered === 0")
    assert now["lesson"] == library.FIRST, "a reload resumes"
    page.locator('.gb-lesson [data-act="leave"]').click()
    page.locator(".gb-start [data-list]").click()
    page.wait_for_selector(".gb-lessons")
    page.locator(f'[data-forget="{library.FIRST}"]').click()
    assert library.FIRST not in page.evaluate("JSON.parse(localStorage['glassbox.lessons'])")
    page.locator(f'[data-read="{library.FIRST}"]').click()
    page.wait_for_selector(".gb-document")
    page.emulate_media(media="print")
    assert (
        not page.locator('[data-testid="stSidebar"]').is_visible()
        and page.locator(".gb-document").is_visible()
    )


@left_to_full
def test_a_view_becomes_a_step(page: Page) -> None:
    driver.open_page(
        page, "attention", v=1, model="tales-gpt", text="A red ball. 50% & more", block=1, head=3
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Step", exact=True).click()
    page.wait_for_function("document.querySelector('.gb-take-status').textContent === 'Copied'")
    stub = page.evaluate("navigator.clipboard.readText()")
    lesson = library.reading.parse("mine", f"# Mine\nasks: What?\nminutes: 5\n\n{stub}")
    values = lesson.steps[0].at.state()
    assert lesson.steps[0].at.slug == "attention" and values["text"] == "A red ball. 50% & more"
    assert (values["block"], values["head"]) == (1, 3)


@left_to_full
@pytest.mark.parametrize("size", [driver.DESKTOP, driver.PHONE], ids=["laptop", "phone"])
def test_the_strip_stays_in_sight_beside_a_part_far_down(size: ViewportSize, page: Page) -> None:
    lesson = library.find("related")
    (mark,) = [at for at, step in enumerate(lesson.steps, 1) if step.point == "doses"]
    page.set_viewport_size(size)
    driver.open_page(page, lesson.steps[mark - 1].at.slug, path=lesson.name, mark=mark)
    at(page, mark)
    framed = page.locator(".gb-figure .gb-point:visible").first
    page.wait_for_function(
        """() => {
          const [strip, part] = ['.gb-lesson', '.gb-figure[data-point] .gb-point'].map(
            (one) => document.querySelector(one).getBoundingClientRect());
          const above = strip.top < innerHeight / 4;
          return strip.top >= 0 && strip.bottom <= innerHeight + 1 && part.top < innerHeight
            && (above ? part.top >= strip.bottom : part.top < strip.top);
        }"""
    )
    assert framed.is_visible()


@left_to_full
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_strip_and_the_list_are_accessible(theme: str, page: Page) -> None:
    driver.open_page(page, "attention", path=library.FIRST, mark=6)
    at(page, 6)
    driver.set_theme(page, theme)
    assert not driver.axe_lines(driver.axe(page))
    answer(page, 0)
    assert not driver.axe_lines(driver.axe(page))
    driver.open_page(page, "lessons")
    page.wait_for_selector(".gb-lessons")
    driver.set_theme(page, theme)
    assert not driver.axe_lines(driver.axe(page))


@left_to_full
@pytest.mark.parametrize("mark", [1, 4, 6, 8])
def test_strip_and_picture_share_the_first_screen(mark: int, page: Page) -> None:
    driver.open_page(page, library.find(library.FIRST).steps[mark - 1].at.slug, path=library.FIRST, mark=mark)
    at(page, mark)
    framed = page.locator(".gb-figure .gb-point:visible").first.bounding_box()
    assert framed is not None and framed["y"] + framed["height"] <= driver.DESKTOP["height"]
    assert json.loads(page.locator(".gb-lesson").get_attribute("data-state") or "{}")["mark"] == mark
