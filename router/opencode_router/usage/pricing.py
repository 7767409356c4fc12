"""What a request costs."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

from opencode_router.catalogue.model import Price
from opencode_router.usage.tokens import Tokens

EXACT_DIGITS = 60
"""More digits than any sum of counts and prices has, so that nothing but the last step rounds."""


def cost_micro_usd(tokens: Tokens, price: Price) -> int:
    """Cost in whole micro-dollars, half a one rounded up once, on the sum.

    A price in USD per million tokens is a price in micro-dollars per token.
    """
    with localcontext() as context:
        context.prec = EXACT_DIGITS
        exact = (
            tokens.input * price.input
            + tokens.output * price.output
            + tokens.cache_read * or_input(price.cache_read, price)
            + tokens.cache_write_5m * or_input(price.cache_write_5m, price)
            + tokens.cache_write_1h * or_input(price.cache_write_1h, price)
        )
        return int(exact.to_integral_value(rounding=ROUND_HALF_UP))


def or_input(cache_price: Decimal | None, price: Price) -> Decimal:
    return price.input if cache_price is None else cache_price
