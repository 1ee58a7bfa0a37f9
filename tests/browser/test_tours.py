"""One tour of every page in a real browser: its picture, themes, question, a step, a hover, a choice, link and phone.

The quick tier knows each page by its tour. All other tests of a page's picture belong to the full tier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import core
from app import chapters
from core.analysis.heads.steps import attention_steps
from core.analysis.tasks.token_vote import token_vote
from core.efficiency.judging import reference, yardstick
from core.efficiency.quantization import Quantization
from core.training.losses import score_text
from tests.browser import (
    checks,
    driver,
    saved_pictures,
    test_attention,
    test_compute,
    test_efficiency,
    test_home,
    test_scaling,
)
from tests.pictures import ASKED, SHOWN, draw
from tests.pictures import figure as figure_of

TEXT = "A red ball was lost. She found the red"

State = Any  # the JSON of a component's data-state
Holds = Callable[[State], bool]
Action = Callable[[Page, Locator], None]  # on the page and the picture


def press(*keys: str) -> Action:
    """Return an action that presses keys in the picture."""

    def action(page: Page, figure: Locator) -> None:
        figure.focus()
        for key in keys:
            page.keyboard.press(key)

    return action


def click(part: str) -> Action:
    """Return an action that clicks a part of the picture."""
    return lambda page, figure: driver.click(page, figure.locator(part).first)


def click_mark(chart: str, kind: str) -> Action:
    """Return an action that clicks the first mark of a chart on the page."""
    return lambda page, figure: driver.click(page, driver.marks(page, chart, kind).first)


@dataclass(frozen=True)
class Tour:
    """The tour of one page.

    Attributes:
        label: words of the picture's description for screen readers.
        answer: words of the revealed answer to the page's question.
        select: an action that selects a part of the picture, and what its state then holds.
        link: words of the address after the selection.
        hover: a selector of a part of the picture; what the state then holds, or words of its tooltip.
        step: an action that goes one step, and what the state then holds.
        whole: whether Escape leads from the step back to the whole picture.
        component: the picture's name; "": the page's slug.
        has_cards_on_first_screen: whether the cards below the picture end on the first screen of a laptop.
        check: further assertions about the page as it opens.
    """

    label: str
    answer: str
    select: tuple[Action, Holds]
    link: str
    hover: tuple[str, Holds | str]
    step: tuple[Action, Holds] = (press("."), lambda now: now["stage"]["step"] == 0)
    whole: bool = True
    component: str = ""
    has_cards_on_first_screen: bool = True
    check: Callable[[Page, State, core.LanguageModel], None] = field(default=lambda page, state, lm: None)


def home_agrees_with_core(page: Page, state: State, lm: core.LanguageModel) -> None:
    """All numbers of the whole machine are those of core."""
    test_home.agrees(state, TEXT)


def attention_agrees_with_core(page: Page, state: State, lm: core.LanguageModel) -> None:
    """The shown score is that of core, and over the matrix stands what a score is."""
    test_attention.agrees(state, attention_steps(lm, TEXT, state["block"], state["head"]))
    hint = driver.component(page, "attention").locator("[data-hint]")
    assert hint.text_content() == "row asks, column answers: do the two fit?"


def compute_agrees_with_core(page: Page, state: State, lm: core.LanguageModel) -> None:
    """Weights, operations and memory are those that core counts."""
    test_compute.same(state, lm.config, len(lm.encode(TEXT)), 1)


def law_is_of_core(page: Page, state: State, lm: core.LanguageModel) -> None:
    """The law and its forecast are those that core fits."""
    test_scaling.agrees(state, test_scaling.expected("parameters", 1))


def quantization_is_of_core(page: Page, state: State, lm: core.LanguageModel) -> None:
    """Grid, weights, words and costs at 4 bits are those of core."""
    test_efficiency.same(state, reference(lm, yardstick(lm)), Quantization(4))


def vote_is_of_core(page: Page, state: State, lm: core.LanguageModel) -> None:
    """The options of the vote have the probabilities that core gives them."""
    scored = score_text(lm, TEXT, None)
    vote = token_vote(lm, scored, len(scored) - 1)
    *options, others = [option["p"] for option in state["options"]]
    assert options == pytest.approx(vote.probabilities, rel=1e-3)
    assert others == pytest.approx(1 - sum(vote.probabilities), rel=1e-3)


TOURS: dict[str, Tour] = {
    "home": Tour(
        label="The whole machine, decoder: 4 blocks",
        answer="Attention looks at other rows and fetches from them.",
        step=(press("."), lambda now: now["step"] == 0),
        hover=("svg .gb-chip", lambda now: now["row"] == 0),
        select=(press("ArrowLeft"), lambda now: now["block"] == 2),
        link="block=2",
        has_cards_on_first_screen=False,
        check=home_agrees_with_core,
    ),
    "tokenization": Tour(
        label="The text in tokens: ",
        answer="Both learned to the last merge",
        step=(press(","), lambda now: now["merge"] == now["merges"] - 1),
        whole=False,
        hover=("[data-chip]", "id "),
        select=(press("ArrowDown"), lambda now: now["method"] == "wordpiece"),
        link="method=wordpiece",
        has_cards_on_first_screen=False,
    ),
    "embeddings": Tour(
        label="man is to king as woman is to queen",
        answer="The cosine with",
        hover=("[data-piece]", "row "),
        select=(press("ArrowUp"), lambda now: now["word"] == "the"),
        link="follow=9",
    ),
    "positions": Tour(
        label="without positions and mask: the vectors do not change",
        answer="of their length with positions",
        hover=("svg .gb-chip", "id "),
        select=(press("ArrowUp"), lambda now: now["cell"]["row"] == 9),
        link="row=9",
    ),
    "attention": Tour(
        label="Scores",
        answer="Softmax turns what is added to a score into a factor of the weight.",
        step=(press("."), lambda now: now["step"] == "x"),
        hover=("svg .gb-chip", lambda now: now["hover"] and now["row"] == 0),
        select=(press("ArrowUp"), lambda now: now["row"] == 9),
        link="row=9",
        check=attention_agrees_with_core,
    ),
    "multi_head": Tour(
        label="16 heads",
        answer=" as the model is, ",
        step=(press("."), lambda now: not now["whole"] and now["step"] == 0),
        hover=("svg .gb-chip", lambda now: now["row"] == 0),
        select=(press("ArrowLeft"), lambda now: now["head"] == 1),
        link="head=1",
    ),
    "feed_forward": Tour(
        label="128 numbers become 512 neurons",
        answer="of its length before the attention",
        hover=("svg .gb-chip", "id "),
        select=(click('[data-row="4"]'), lambda now: now["row"] == 4),
        link="follow=4",
    ),
    "norm_residual": Tour(
        label="The ledger of ·red: embedding",
        answer="It differs from what entered by 0.0 % of its length",
        hover=("[data-line]", " long"),
        select=(press("ArrowUp"), lambda now: now["line"] == "L2 mlp"),
        link="line=mlp",
    ),
    "loss": Tour(
        label="Loss of",
        answer="The loss asks for nothing else",
        step=(press("."), lambda now: now["step"] == 0),
        hover=("[data-row]", "nats"),
        select=(press("ArrowUp"), lambda now: now["follow"] == 8),
        link="follow=9",
    ),
    "objectives": Tour(
        label="three training examples",
        answer="Nothing is drawn for it",
        step=(press("."), lambda now: now["step"] == 0),
        hover=('[data-row="1"]', lambda now: now["hover"] == 1),
        select=(press("ArrowUp"), lambda now: now["row"] == 8),
        link="follow=9",
    ),
    "lab": Tour(
        label="tales-gpt, done, step 4,500",
        answer="At first nearly everything is wrong",
        step=(press("ArrowLeft"), lambda now: now["now"] == core.snapshots("tales-gpt")[-2]),
        whole=False,
        hover=(".gb-curves", "step "),
        select=(click('[data-x="tokens"]'), lambda now: now["x"] == "tokens"),
        link="axis=tokens",
    ),
    "optimizers": Tour(
        label="Race on the surface",
        answer="Adam remembers how large the gradients of each weight were",
        step=(press(","), lambda now: now["lap"] == 13),
        whole=False,
        hover=("[data-line]", "the slope here"),
        select=(press("1"), lambda now: now["racer"] == "sgd"),
        link="racer=sgd",
    ),
    "regularization": Tour(
        label="Dropout of 0.30 on what the MLP of block 3 adds",
        answer="with nothing dropped",
        hover=(".gb-curves", "step "),
        select=(press("ArrowUp"), lambda now: now["cell"]["row"] == 9),
        link="row=9",
    ),
    "fine_tuning": Tour(
        label="numbers learned",
        answer="The body has already learned to read",
        hover=(".gb-curves", "step "),
        select=(click('[data-axis="seconds"]'), lambda now: now["x"] == "seconds"),
        link="seconds",
    ),
    "break_it": Tour(
        label="tales-gpt without",
        answer="Softmax gives nearly everything to the largest of such scores.",
        hover=("svg .gb-chip", "id "),
        select=(press("ArrowRight"), lambda now: now["part"] != "residual"),
        link="part=",
    ),
    "families": Tour(
        label="through three shapes",
        answer="guess moves",
        step=(press("."), lambda now: now["step"] == 0),
        hover=('[data-token="1"]', lambda now: now["hover"] == 1),
        select=(press("ArrowUp"), lambda now: now["token"] == 7),
        link="follow=7",
    ),
    "models": Tour(
        label="models that can be opened, to one scale",
        answer="Your text uses",
        step=(press("ArrowUp"), lambda now: now["picked"] == "tales-bert"),
        whole=False,
        hover=("[data-row]", "width 128"),
        select=(press("End"), lambda now: now["picked"].startswith("distilbert")),
        link="picked=distilbert",
    ),
    "decoding": Tour(
        label="greedy",
        answer="Sum of log p",
        step=(press("."), lambda now: now["step"] == 0),
        whole=False,
        hover=("[data-token]", "id "),
        select=(press("Escape", "Escape"), lambda now: now["whole"] and now["node"] == 0),
        link="node=.",
    ),
    "applications": Tour(
        label="Translation by tales-t5",
        answer="Its probability was",
        step=(press("."), lambda now: now["step"] == 0),
        hover=("svg .gb-chip", lambda now: now["hover"] is not None),
        select=(press("ArrowUp"), lambda now: now["part"] == len(now["all"]) - 2),
        link="said=",
    ),
    "compute": Tour(
        label="tales-gpt: ",
        answer="For every weight training keeps a gradient",
        step=(press("."), lambda now: now["focus"] == "embedding"),
        hover=("[data-row]", "weights"),
        select=(press("+"), lambda now: now["batch"] == 2),
        link="together=2",
        check=compute_agrees_with_core,
    ),
    "bias": Tour(
        label="Test 8: science and arts, on GloVe",
        answer="The effect size d goes from",
        hover=("[data-word]", "s = "),
        select=(click_mark("bias_tests", "tests"), lambda now: now["test"] == "1"),
        link="weat=1",
    ),
    "interpretability": Tour(
        label="If the model stopped after block 3",
        answer="all MLPs",
        hover=("svg .gb-chip", "id "),
        select=(press("ArrowUp"), lambda now: now["chosen"]["row"] == 9),
        link="row=9",
    ),
    "scaling": Tour(
        label="Loss against parameters. L(N) =",
        answer="band",
        hover=("[data-row]", "loss"),
        select=(press("ArrowUp"), lambda now: now["withheld"] == 2),
        link="withheld=2",
        check=law_is_of_core,
    ),
    "efficiency": Tour(
        label="MLP in of block 3: ",
        answer="with one scale for each row it is",
        hover=("[data-weight]", "code"),
        select=(
            click('[data-matrix="1 o"]'),
            lambda now: now["matrix"]["name"] == "blocks.1.attn.weight_o",
        ),
        link="piece=o",
        check=quantization_is_of_core,
    ),
    "multimodal": Tour(
        label="Held-out picture 47, cut into 32 pieces, each a token. Caption: a",
        answer="Its probability, ",
        step=(press("."), lambda now: now["step"] == 0),
        hover=("[data-piece]", lambda now: now["piece"] is not None),
        select=(press("ArrowUp"), lambda now: now["part"] == len(now["words"]) - 2),
        link="said=",
    ),
    "adaptability": Tour(
        label="How few numbers and examples teach an old model a new job? How few examples?",
        answer="mean of n = 3 seeds",
        whole=False,
        hover=('[data-row="8"]', "numbers, a file of"),
        select=(click('[data-row="8"]'), lambda now: now["chosen"] == 8),
        link="rank=8",
    ),
    "classroom": Tour(
        label="A vote on the token",
        answer="One or a few tokens are much likelier than the others",
        step=(press("ArrowUp"), lambda now: now["place"] == 9),
        whole=False,
        hover=("[data-option]", "the model: "),
        select=(click('[data-token="3"]'), lambda now: now["place"] == 3),
        link="follow=3",
        check=vote_is_of_core,
        has_cards_on_first_screen=False,
    ),
}
PAGES = [chapter.slug for group in chapters.shown().values() for chapter in group]


@pytest.mark.parametrize("slug", PAGES)
def test_a_tour_of_a_page(
    slug: str,
    page: Page,
    browser: Browser,
    server: driver.Server,
    lm: core.LanguageModel,
    tmp_path: Path,
) -> None:
    tour = TOURS[slug]
    name = tour.component or slug
    arguments = ASKED.get(slug, [{}])[0]
    driver.open_page(page, slug, v=1, text=TEXT, **arguments)
    checks.wait_until_finished(page)
    figure = driver.component(page, name)
    state = driver.component_state(page, name)
    tour.check(page, state, lm)
    if slug in SHOWN:
        agrees_with_a_file(page, slug, browser, draw(slug, lm, TEXT, **arguments), tmp_path)
    if tour.has_cards_on_first_screen:
        checks.cards_on_first_screen(page)
    checks.labels_are_whole(page)
    for theme in ("dark", "light"):
        checks.accessible(page, name, theme, tour.label)

    answer = checks.answered(page)
    assert tour.answer in answer, answer

    do, holds = tour.step
    before = driver.component_state(page, name)
    do(page, figure)
    assert driver.wait_for_state(page, name, holds) != before
    if tour.whole:
        page.keyboard.press("Escape")
        driver.wait_for_state(page, name, lambda now: now == before)
    driver.wait_until_drawn(page)

    point_at(page, name, *tour.hover)
    page.mouse.move(5, 5)
    driver.wait_until_drawn(page)
    do, holds = tour.select
    do(page, figure)
    assert driver.wait_for_state(page, name, holds) != before
    driver.wait_for_link(page, tour.link)
    page.mouse.move(5, 5)  # a click leaves the mouse on the picture
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, name)

    checks.fits_a_phone(page)


def agrees_with_a_file(page: Page, slug: str, browser: Browser, picture: Any, folder: Path) -> None:
    """The page shows the picture that core computes in this process, drawn from a file."""
    figure = figure_of(slug)
    name = figure.component.name
    there = saved_pictures.comparable_state(driver.component_state(page, name), figure)
    width = int(driver.component(page, name).evaluate("figure => figure.offsetWidth"))
    with saved_pictures.offline_tabs(browser) as open_tab:
        file = saved_pictures.save_picture(folder, picture)
        drawn = saved_pictures.picture_state(open_tab(width + 32).open(file))
        assert saved_pictures.comparable_state(drawn, figure) == there


def point_at(page: Page, name: str, part: str, shows: Holds | str) -> None:
    """Point at a part of the picture: its state follows, or its tooltip says these words."""
    figure = driver.component(page, name)
    driver.hover(page, figure.locator(part).first)
    if isinstance(shows, str):
        expect(figure.locator(".gb-tip:visible")).to_contain_text(shows)
    else:
        driver.wait_for_state(page, name, shows)


def test_every_tour_is_of_a_page() -> None:
    assert TOURS.keys() == set(PAGES)
