"""Models as the translation of requests tells them apart, whatever the catalogue holds."""

import datetime

from opencode_router.catalogue.model import Capabilities, Model, ReasoningStyle, Surface

CAPABILITIES = {
    "plain": Capabilities(context_tokens=200_000, max_output_tokens=8_000, tools=True, images=True, documents=True),
    "budget": Capabilities(
        context_tokens=200_000,
        max_output_tokens=64_000,
        tools=True,
        images=True,
        documents=True,
        structured_output=True,
        reasoning=ReasoningStyle.BUDGET,
        cache_minimum_tokens=1_024,
    ),
    "adaptive": Capabilities(
        context_tokens=1_000_000,
        max_output_tokens=128_000,
        tools=True,
        images=True,
        documents=True,
        structured_output=True,
        reasoning=ReasoningStyle.ADAPTIVE,
        efforts=("low", "medium", "high", "max"),
        cache_minimum_tokens=512,
        cache_ttls=("5m", "1h"),
    ),
    "effort": Capabilities(
        context_tokens=128_000,
        max_output_tokens=16_384,
        tools=True,
        reasoning=ReasoningStyle.EFFORT,
        always_reasons=True,
        efforts=("low", "medium", "high"),
    ),
    "nested": Capabilities(
        context_tokens=128_000,
        max_output_tokens=128_000,
        tools=True,
        sampling=False,
        tool_choice=("auto",),
        reasoning=ReasoningStyle.EFFORT,
        efforts=("low", "medium", "high", "xhigh", "max"),
        effort_field="reasoning.effort",
    ),
    "silent": Capabilities(context_tokens=8_000, max_output_tokens=4_000),
}
PROVIDERS = {"budget": "anthropic", "adaptive": "anthropic"}
"""All others are of a provider whose models have no habits of their own."""

MODELS = {
    name: Model(
        name=f"The {name} model",
        provider=PROVIDERS.get(name, "example"),
        bedrock_ids={"region": f"{PROVIDERS.get(name, 'example')}.{name}"},
        surfaces=(Surface.CONVERSE,),
        capabilities=capabilities,
        released=datetime.date(2026, 1, 1),
        prices=(),
        source="made up",
    )
    for name, capabilities in CAPABILITIES.items()
}
