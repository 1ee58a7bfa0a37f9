"""Chat templates: conversations as `transformers` writes them, in a sandbox; a model without one says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

import core
from core.analysis.tasks import instructed, task_scores
from core.decoding.chat import CARD, NoTemplate, ask, conversation, has_template
from core.language_model import LanguageModel

TURNS = (
    [{"role": "user", "content": "Who found the ball?"}],
    [
        {"role": "system", "content": "  Be brief. "},
        {"role": "user", "content": "Ünïcode {{ x }} <b>&amp;</b>\n\nand lines"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": ""},
    ],
)
TEMPLATES = {
    "marks": """{% for message in messages %}
    {% if loop.first and message['role'] != 'system' %}
[system]{{ 'Be kind.' }}
    {% endif %}
[{{ message['role'] }}] {{ message['content'] | trim }}{{ eos_token }}
{% endfor %}
{% if add_generation_prompt %}[assistant]{% endif %}""",
    "begins": """{{ bos_token }}{% set ns = namespace(last='') %}
{%- for message in messages -%}
    {%- if message.role == ns.last %}{{ raise_exception('two in a row') }}{% endif -%}
    {%- set ns.last = message.role -%}
    {{- '<' ~ message.role ~ '>' + message.content.strip() + ('!' if not loop.last else '') -}}
{%- endfor %}""",
    "json": """{% for message in messages %}
{% if loop.index > 2 %}{% break %}{% endif %}
{{ message | tojson }}{{ message | tojson(indent=2) }}
{% endfor %}""",
}


@pytest.fixture(scope="module")
def small() -> LanguageModel:
    return core.load("tales-gpt")


def with_template(lm: LanguageModel, template: Any) -> LanguageModel:
    return replace(lm, card={**lm.card, CARD: template})


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("turns", TURNS, ids=["one", "four"])
@pytest.mark.parametrize("answer", [True, False])
def test_conversations_are_written_as_transformers_writes_them(
    name: str, turns: list[dict[str, str]], answer: bool, small: LanguageModel
) -> None:
    begins, ends = small.config.bos_id, small.config.eos_ids
    theirs = PreTrainedTokenizerFast(
        tokenizer_object=small.tokenizer.raw,
        bos_token="" if begins is None else small.tokenizer.token(begins),
        eos_token=small.tokenizer.token(ends[0]) if ends else "",
    )
    wanted = theirs.apply_chat_template(
        turns, chat_template=TEMPLATES[name], tokenize=False, add_generation_prompt=answer
    )
    assert conversation(with_template(small, TEMPLATES[name]), turns, answer=answer) == wanted


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages.__class__.__mro__ }}", "{% for x in range(10**9) %}a{% endfor %}", "{{ messages.append(1) }}",
        "{% if %}", "{{ raise_exception('no') }}", "{{ 'a' * 2000000 }}", "{{ cycler.__init__.__globals__.os }}",
        "{{ 1 / 0 }}", "{{ messages[7].content.strip() }}", "x" * 200_000,
    ],
)  # fmt: skip
def test_a_template_that_reaches_out_or_does_not_work_is_refused_in_words(
    template: str, small: LanguageModel
) -> None:
    with pytest.raises(NoTemplate):
        conversation(with_template(small, template), TURNS[0])


@pytest.mark.parametrize("template", [None, "", "  ", 3])
def test_a_model_without_one_says_so(template: Any, small: LanguageModel) -> None:
    lm = with_template(small, template)
    assert not has_template(lm)
    with pytest.raises(NoTemplate, match="has no chat template"):
        ask(lm, "Who?")


def test_an_assistant_goes_on_behind_its_mark(small: LanguageModel) -> None:
    lm = with_template(small, "{{ messages[0].content }}{% if add_generation_prompt %} found{% endif %}")
    asked = ask(lm, "She lost the red ball. She", max_new_tokens=4)
    assert (
        asked.ids
        == lm.generate("She lost the red ball. She found", max_new_tokens=4, add_special_tokens=False).ids
    )


@pytest.mark.parametrize("name", ["question", "sentiment", "summarize", "translate"])
def test_a_task_is_put_as_a_request_without_its_prefix(name: str) -> None:
    (pair,) = task_scores.examples(name, 1)
    said = instructed.request(name, pair.source)
    prefix, _, text = pair.source.partition(": ")
    assert not said.startswith(prefix)
    passage = text.partition(" context: ")[2] if name == "question" else text
    assert passage in said and (name != "question" or text.partition(" context: ")[0] in said)


def test_answers_are_judged_by_what_they_hold(small: LanguageModel) -> None:
    (who, *_) = (one for one in task_scores.examples("question", 60) if one.truth.kind == "who")
    (yes, *_) = (one for one in task_scores.examples("question", 60) if one.target in ("Yes.", "No."))
    name = who.target.rstrip(".")
    assert instructed.holds("question", f"It was {name}, I think.", who) is True
    assert instructed.holds("question", "Nobody.", who) is False
    right, wrong = yes.target, {"Yes.": "No.", "No.": "Yes."}[yes.target]
    assert instructed.holds("question", f"{right} It is so.", yes) is True
    assert instructed.holds("question", f"{right} {wrong}", yes) is False
    review = task_scores.examples("sentiment", 1)[0]
    assert instructed.holds("sentiment", f"The review is {review.target}.", review) is True
    assert instructed.holds("sentiment", "positive or negative", review) is False
    assert instructed.holds("summarize", "anything", task_scores.examples("summarize", 1)[0]) is None
    lm = with_template(small, "{{ messages[0].content }}")
    found = instructed.scored(lm, "sentiment", task_scores.examples("sentiment", 3))
    assert (found.exact.of, len(found.written)) == (3, 3) and found.holds is not None
    with pytest.raises(ValueError, match="no example"):
        instructed.scored(lm, "sentiment", [])
