"""Pages made of templates, which escape every value and refuse names that they are not given."""

from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from serve_downloads.assets import ASSETS
from serve_downloads.page import Message, Page
from served_site.exchange import Answer, html
from served_site.problems import Problem

HERE = Path(__file__).parent
TEMPLATES = Environment(
    loader=FunctionLoader(lambda name: ASSETS.with_addresses((HERE / "templates" / name).read_text())),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
PAGE, MESSAGE = TEMPLATES.get_template("page.html"), TEMPLATES.get_template("message.html")


def page_answer(page: Page) -> Answer:
    return html(PAGE.render(page=page))


def problem_page(problem: Problem, reference: str) -> Answer:
    """`reference` is what people may tell the operators, or empty."""
    message = Message(
        status=problem.status,
        title=problem.title,
        text=problem.text,
        reference=reference,
    )
    return html(MESSAGE.render(message=message), status=problem.status)
