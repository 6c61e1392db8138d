"""Whether there is a language model is for the operator to say, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.adapters.language_model.model import ChatModel
from tocsin.app.settings import Settings, SettingWrong, read_settings
from tocsin.app.triaging import language_model

KEY = "sk-of-nobody"
MODEL = {
    "TOCSIN_LLM_URL": "http://127.0.0.1:11434/v1/",
    "TOCSIN_LLM_MODEL": "small",
    "TOCSIN_LLM_API_KEY": KEY,
}


def settings(environ: dict[str, str]) -> Settings:
    return read_settings(environ=environ, given={})


def test_there_is_none_by_default() -> None:
    assert language_model(settings({})) is None


def test_one_is_set_up_with_a_key_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n", encoding="utf-8")
    found = settings(
        {
            "TOCSIN_LLM_URL": MODEL["TOCSIN_LLM_URL"],
            "TOCSIN_LLM_MODEL": "small",
            "TOCSIN_LLM_API_KEY_FILE": str(file),
        }
    )

    assert (found.llm_url, found.llm_model) == ("http://127.0.0.1:11434/v1", "small")
    assert (found.llm_api_key, found.llm_seconds) == (KEY, 10)
    assert isinstance(language_model(found), ChatModel)


@pytest.mark.parametrize("missing", sorted(MODEL))
def test_half_of_one_is_refused(missing: str) -> None:
    given = {name: value for name, value in MODEL.items() if name != missing}

    with pytest.raises(SettingWrong) as wrong:
        settings(given)
    assert f"{missing} is missing" in str(wrong.value)
    assert KEY not in str(wrong.value)


@pytest.mark.parametrize("seconds", ["0", "61", "1.5", "soon"])
def test_its_time_is_bounded(seconds: str) -> None:
    with pytest.raises(SettingWrong, match="TOCSIN_LLM_SECONDS"):
        settings({**MODEL, "TOCSIN_LLM_SECONDS": seconds})


@pytest.mark.parametrize(
    "wrong",
    [
        {"TOCSIN_LLM_URL": "https://me:secret@models.example.net"},
        {"TOCSIN_LLM_API_KEY": "two words"},
    ],
)
def test_what_cannot_be_used_is_refused_and_not_repeated(wrong: dict[str, str]) -> None:
    found = settings({**MODEL, **wrong})

    with pytest.raises(SettingWrong) as refused:
        language_model(found)
    assert "secret" not in str(refused.value)
    assert "two words" not in str(refused.value)
