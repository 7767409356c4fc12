"""How an answer is drawn and when it ends: `inferenceConfig`.

Sources: bedrock-runtime service model 2023-09-30 (InferenceConfiguration); Anthropic documentation, "Thinking", on
what thinking is not compatible with (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.wire import converse

MAX_STOP_SEQUENCES = 2500
MAX_TEMPERATURE = 1
"""Converse's; OpenAI's is 2."""
NEUTRAL = 1
"""The default of both temperature and top_p: asks for nothing."""
LOWEST_THINKING_TOP_P = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None


def checked(sampling: Sampling, model: Model) -> Sampling:
    """`sampling` as far as it asks for anything. Raises BadRequest naming what the model cannot do."""
    if sampling.temperature is not None and sampling.temperature > MAX_TEMPERATURE:
        raise BadRequest(f"temperature is at most {MAX_TEMPERATURE} on Bedrock", param="temperature")
    if sampling.top_k is not None and (model.provider != "anthropic" or not model.capabilities.sampling):
        raise BadRequest(f"{model.name} does not accept top_k", param="top_k")
    if model.capabilities.sampling:
        return sampling
    for param, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p)):
        if value is not None and value != NEUTRAL:
            raise BadRequest(f"{model.name} does not accept {param}", param=param)
    return Sampling()


def dropped_by_thinking(sampling: Sampling) -> Sequence[str]:
    """Names of the parameters that thinking makes void."""
    top_p_is_void = sampling.top_p is not None and sampling.top_p < LOWEST_THINKING_TOP_P
    voids = {
        "temperature": sampling.temperature not in {None, NEUTRAL},
        "top_p": top_p_is_void,
        "top_k": sampling.top_k is not None,
    }
    return [name for name, is_void in voids.items() if is_void]


def while_thinking(sampling: Sampling) -> Sampling:
    """What is left of `sampling` beside thinking."""
    return Sampling(top_p=None if "top_p" in dropped_by_thinking(sampling) else sampling.top_p)


def stop_sequences(given: str | Sequence[str] | None, model: Model, *, param: str) -> Sequence[str]:
    """Raises BadRequest naming the sequence that Bedrock would refuse: Claude takes none that is blank."""
    sequences = [given] if isinstance(given, str) else given or ()
    if len(sequences) > MAX_STOP_SEQUENCES:
        raise BadRequest(f"at most {MAX_STOP_SEQUENCES} stop sequences", param=param)
    for index, sequence in enumerate(sequences):
        if not sequence or (model.provider == "anthropic" and not sequence.strip()):
            where = param if isinstance(given, str) else f"{param}[{index}]"
            raise BadRequest("a stop sequence may not be blank", param=where)
    return sequences


def inference_config(sampling: Sampling, *, max_tokens: int | None, stop: Sequence[str]) -> converse.InferenceConfig:
    """Only what is set; `top_k` has its place elsewhere."""
    config: converse.InferenceConfig = {}
    if max_tokens is not None:
        config["maxTokens"] = max_tokens
    if sampling.temperature is not None:
        config["temperature"] = sampling.temperature
    if sampling.top_p is not None:
        config["topP"] = sampling.top_p
    if stop:
        config["stopSequences"] = stop
    return config


def extra_fields(sampling: Sampling) -> Mapping[str, object]:
    return {} if sampling.top_k is None else {"top_k": sampling.top_k}
