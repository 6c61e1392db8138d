"""Which language model helps with triage, by what this server was told."""

from __future__ import annotations

from tocsin.adapters.asking.post import Post
from tocsin.adapters.language_model.model import ChatModel
from tocsin.app.settings import Settings, SettingWrong
from tocsin.core.triage import LanguageModel


def language_model(settings: Settings) -> LanguageModel | None:
    """The model that *settings* name; None where they name none.

    Raises:
        SettingWrong: its address or key cannot be used.
    """
    url, model, key = settings.llm_url, settings.llm_model, settings.llm_api_key
    if url is None or model is None or key is None:
        return None
    try:
        return ChatModel(url=url, model=model, key=key, seconds=settings.llm_seconds, opening=Post)
    except ValueError as wrong:
        raise SettingWrong(f"TOCSIN_LLM_URL and TOCSIN_LLM_API_KEY: {wrong}") from wrong
