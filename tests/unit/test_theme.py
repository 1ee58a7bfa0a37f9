"""The tokens: the same in Python, in Streamlit's theme, and readable."""

from __future__ import annotations

import re
import tomllib
from itertools import product
from pathlib import Path

import pytest

from app import theme

ROOT = Path(__file__).resolve().parents[2]


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2) of #RRGGBB."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("mode", "dark"), [("light", False), ("dark", True)])
def test_streamlits_theme_repeats_the_tokens(mode: str, dark: bool) -> None:
    config = tomllib.loads((ROOT / "app" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))[
        "theme"
    ][mode]
    expected = {
        "primaryColor": "accent",
        "backgroundColor": "bg",
        "secondaryBackgroundColor": "field",
        "textColor": "ink",
        "linkColor": "accent",
        "borderColor": "line",
        "codeBackgroundColor": "wash",
        "codeTextColor": "ink",
        "grayTextColor": "ink3",
    }
    assert {key: config[key] for key in expected} == {
        key: theme.color(name, dark) for key, name in expected.items()
    }
    side = {"backgroundColor": "side", "secondaryBackgroundColor": "field", "borderColor": "line"}
    assert config["sidebar"] == {key: theme.color(name, dark) for key, name in side.items()}


def test_every_text_is_readable_on_every_ground() -> None:
    grounds = ["bg", "side", "wash", "field", "accent-soft"]
    inks = ["ink", "ink2", "ink3", "accent", "q-ink", "k-ink", "v-ink", "att-ink", "mlp-ink"]
    ratios = {
        (ink, ground, dark): contrast(theme.color(ink, dark), theme.color(ground, dark))
        for ink, ground, dark in product(inks, grounds, (False, True))
    }
    assert {case: ratio for case, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("dark", [False, True])
def test_text_on_the_accent_is_readable(dark: bool) -> None:
    assert contrast(theme.color("accent-on", dark), theme.color("accent", dark)) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_the_projector_never_lowers_a_contrast(dark: bool) -> None:
    shown = theme.values(projector=True)
    for name in theme.PROJECTOR:
        ground = theme.color("bg", dark)
        assert contrast(shown[name][dark], ground) > contrast(theme.color(name, dark), ground)


def test_a_component_sees_every_token_in_both_modes() -> None:
    sheet = theme.css()
    for name, (light, dark) in theme.TOKENS.items():
        assert re.search(rf"\[data-component\]\{{[^}}]*--gb-{name}:{light};", sheet)
        assert re.search(rf'\[data-component\]\[data-theme="dark"\]\{{[^}}]*--gb-{name}:{dark};', sheet)


def test_the_style_sheets_use_no_colour_that_is_no_token() -> None:
    for path in sorted([*(ROOT / "app").rglob("*.css"), *(ROOT / "pages").rglob("*.css")]):
        sheet = path.read_text(encoding="utf-8")
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet), f"{path.name} has a colour of its own"
        for name in re.findall(r"var\(--gb-([\w-]+)", sheet):
            measured = {
                "steps-tall",
                "lesson-height",
                "beside-contents",
            }  # lengths that a script or another sheet sets
            assert name in {*theme.TOKENS, "sans", "mono", *measured}, (
                f"{path.name} uses the unknown token {name}"
            )


def test_the_fonts_are_local_and_small() -> None:
    fonts = tomllib.loads((ROOT / "app" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"][
        "fontFaces"
    ]
    files = [ROOT / "app" / font["url"].removeprefix("app/") for font in fonts]
    assert all(file.read_bytes()[:4] == b"wOF2" for file in files)
    assert sum(file.stat().st_size for file in files) < 400_000
