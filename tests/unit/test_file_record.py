"""What exported files say of their origin."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs
from xml.etree import ElementTree

import nbformat
import pytest
from PIL import Image

import core
from app import show
from app.frame import notebook
from app.outside import file_record
from core.checkpoints import save_folder
from core.installation import version
from tests.node import answer

TEXT = 'A "red" ball; =1+1, was\tlost</metadata>\n<b>ü &amp; var(--gb-bg)'
ROOT = Path(__file__).resolve().parents[2]
RECORD = {"page": "attention", "text": TEXT}


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    return core.load("tales-gpt")


def image_with(record: dict[str, str]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(out, "PNG")
    return file_record.stamp_png(out.getvalue(), record)


def records_of(document: str) -> list[dict[str, str]]:
    return [
        json.loads(unescape(one)) for one in re.findall(r'<meta name="glassbox" content="(.*?)">', document)
    ]


def test_a_csv_holds_its_record_in_one_harmless_cell_above_the_table() -> None:
    whole = file_record.stamp_csv("a,b\n1,2\n", RECORD)
    rows = list(csv.reader(io.StringIO(whole)))
    assert [len(row) for row in rows] == [1, 2, 2] and rows[0][0].startswith("# ")
    assert not set(rows[0][0]) & set("\";,\t\r\n'|"), "nothing at which a spreadsheet cuts"
    assert {key: value for key, [value] in parse_qs(rows[0][0][2:]).items()} == RECORD


def test_svg_and_png_hold_their_record_as_text() -> None:
    drawing = file_record.stamp_svg(
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><g/></svg>', RECORD
    )
    root = ElementTree.fromstring(drawing)
    assert [one.tag.rpartition("}")[2] for one in root] == ["metadata", "g"]
    assert json.loads(root[0].text or "") == RECORD
    image = Image.open(io.BytesIO(image_with(RECORD)))
    image.load()
    assert json.loads(image.info["Glassbox"]) == RECORD and image.getpixel((0, 0)) == (255, 0, 0)


def test_the_browser_writes_the_same_text_chunk(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(out, "PNG")
    script = tmp_path / "stamp.mjs"
    script.write_text(
        f"""import {{ readFileSync }} from "node:fs";
            import {{ withText }} from "{(ROOT / "app/kit/png.js").as_uri()}";
            const [file, text] = JSON.parse(readFileSync(process.argv[2], "utf8"));
            console.log(JSON.stringify([...withText(Uint8Array.from(file), "Glassbox", text)]));""",
        encoding="utf-8",
    )
    made = answer(script, [list(out.getvalue()), file_record.to_json(RECORD)])
    assert bytes(made) == image_with(RECORD)


def test_a_document_says_of_what_it_is(lm: core.LanguageModel) -> None:
    picture = show.attention(lm, "A red ball was lost </script>", layer=1)
    [record] = records_of(picture.html())
    assert record == {
        "page": "attention", "model": "tales-gpt", "model hash": file_record.hash_weights(lm),
        "text": "A red ball was lost </script>", "link": picture.link, "version": f"Glassbox {version()}",
        "date": datetime.now(UTC).date().isoformat(),
    }  # fmt: skip
    assert re.fullmatch("sha256:[0-9a-f]{64}", record["model hash"])
    assert "block=1" in record["link"] and picture.file == "glassbox-attention-tales-gpt"
    assert f'src="{picture.file}.html"' in picture.snippet
    assert [one["page"] for one in records_of(show.page([picture, picture]).html())] == ["attention"] * 2
    assert "model" not in records_of(show.scaling().html())[0], "its picture shows models of its own"


def test_the_hash_changes_with_a_weight(lm: core.LanguageModel, tmp_path: Path) -> None:
    """A copy on the disk has the same hash; its record names no folder of the disk."""
    folder = tmp_path / "secret" / "copy"
    folder.parent.mkdir()
    save_folder(folder, lm.transformer, lm.tokenizer, {})
    copy = core.load(str(folder))
    document = show.attention(copy, "A red ball").html()
    [record] = records_of(document)
    assert record["model"] == "copy" and record["model hash"] == file_record.hash_weights(lm)
    assert "secret" not in document
    weights = copy.transformer.state_dict()
    next(iter(weights.values())).view(-1)[0] += 1
    assert file_record.hash_weights(copy) != file_record.hash_weights(lm)


def test_a_notebook_has_its_record_as_metadata() -> None:
    book = nbformat.reads(notebook.build("T", "a", [], record=RECORD), as_version=4)
    assert book.metadata["glassbox"] == RECORD


@pytest.mark.parametrize(
    ("model", "name"),
    [("tales-gpt", "tales-gpt"), ("./a b/../é.gguf", "a-b-gguf"), ("x" * 99, "x" * 60), ("", "")],
)
def test_a_file_s_name_says_page_and_model(model: str, name: str) -> None:
    assert file_record.name_file("multi_head", model) == "-".join(filter(None, ["glassbox-multi-head", name]))
