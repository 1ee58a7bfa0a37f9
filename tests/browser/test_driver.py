"""The browser tests' own eyes: each thing that they are there to notice is noticed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import driver
from tests.ports import free_port

PAGE = """<!doctype html><html lang="en"><title>A page</title><main><h1>Title</h1>{}</main></html>"""
IN_A_SHADOW = """<div id="host"></div><script>
  const root = document.getElementById('host').attachShadow({mode: 'open'});
  root.innerHTML = '<div data-component="deep"></div>';
  setTimeout(() => { root.firstChild.dataset.state = JSON.stringify({shown: [1, 2]}); }, 100);
</script>"""


def test_a_clean_page_has_no_findings(page: Page, findings: driver.Findings) -> None:
    page.set_content(PAGE.format("<p>Text</p>"))
    page.evaluate("console.log('fine'); console.warn('fine')")
    page.wait_for_timeout(100)
    assert findings.messages == []
    assert driver.axe(page) == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("console.error('oh no')", "console error: oh no"),
        ("setTimeout(() => { throw new Error('broken') })", "uncaught error: broken"),
        (
            "fetch('http://192.0.2.1/font.woff2').catch(() => null) && null",
            "request to the outside: http://192.0.2.1",
        ),
    ],
)
def test_what_goes_wrong_unseen_is_found(
    page: Page, findings: driver.Findings, script: str, said: str
) -> None:
    page.set_content(PAGE.format(""))
    page.evaluate(script)
    page.wait_for_timeout(200)
    assert any(message.startswith(said) for message in findings.messages)
    page.goto("about:blank")  # ends the pending request before the page is judged
    findings.messages.clear()


@pytest.mark.full(reason="takes 7 s")
def test_axe_finds_a_picture_without_a_text(page: Page) -> None:
    page.set_content(PAGE.format('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'))
    violations = driver.axe(page)
    assert [found["id"] for found in violations] == ["image-alt"]
    assert "image-alt (critical)" in driver.axe_lines(violations)[0]


@pytest.mark.full(reason="takes 10 s")
def test_what_is_faded_for_a_moment_is_no_finding_and_what_stays_so_is(page: Page) -> None:
    page.set_content(PAGE.format('<p id="word" style="background: #fff; color: #ddd">Text</p>'))
    assert [found["id"] for found in driver.axe(page)] == ["color-contrast"]
    page.evaluate("setTimeout(() => { document.getElementById('word').style.color = '#111' }, 1500)")
    assert driver.axe(page) == []


@pytest.mark.full(reason="takes 6 s")
def test_axe_looks_into_shadow_roots(page: Page) -> None:
    page.set_content(PAGE.format("<div id='host'></div>"))
    page.evaluate(
        "document.getElementById('host').attachShadow({mode: 'open'}).innerHTML = '<button></button>'"
    )
    assert [found["id"] for found in driver.axe(page)] == ["button-name"]


def test_a_component_is_read_inside_a_shadow_root(page: Page) -> None:
    page.set_content(PAGE.format(IN_A_SHADOW))
    state = driver.wait_for_state(page, "deep", lambda state: state["shown"] == [1, 2])
    assert state == driver.component_state(page, "deep") == {"shown": [1, 2]}
    with pytest.raises(AssertionError, match=r"no component 'other' .* \['deep'\]"):
        driver.component_state(page, "other")
    with pytest.raises(AssertionError, match=r"it has been \{'shown': \[1, 2\]\}"):
        driver.wait_for_state(page, "deep", lambda state: state["shown"] == [3], seconds=0.1)


def test_a_state_is_waited_for_as_long_as_it_changes(page: Page) -> None:
    page.set_content(PAGE.format("<div data-component='slow'></div>"))
    page.evaluate(
        """() => {
          let step = 0;
          const figure = document.querySelector("[data-component]");
          const timer = setInterval(() => {
            figure.dataset.state = JSON.stringify({ step: ++step });
            if (step === 20) clearInterval(timer);
          }, 100);
        }"""
    )
    assert driver.wait_for_state(page, "slow", lambda state: state["step"] == 20, seconds=1) == {"step": 20}


@pytest.mark.full(reason="takes 3 s")
def test_a_theme_is_followed(page: Page) -> None:
    driver.open_page(page, "home")
    ground = "getComputedStyle(document.querySelector('[data-testid=\"stApp\"]')).backgroundColor"
    light = page.evaluate(ground)
    driver.set_theme(page, "dark")
    assert page.evaluate(ground) != light
    driver.set_theme(page, "light")
    assert page.evaluate(ground) == light


def test_the_servers_log_is_kept(server: driver.Server) -> None:
    assert driver.is_healthy(server.url)
    assert "You can now view" in server.output()
    assert not driver.is_healthy(f"http://127.0.0.1:{free_port()}")
