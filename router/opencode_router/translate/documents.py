"""Documents: their format, and names as Converse wants them."""

import re

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate import base64_text
from opencode_router.wire import converse

MEDIA_TYPES = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
FORMATS = frozenset(MEDIA_TYPES.values())
PDF_SIGNATURE = b"%PDF-"
NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9\-()\[\]]+")
STEM_CHARACTERS = 150
"""Leaves room for the position within Converse's limit of 200."""


def document_format(data: str, media_type: str, filename: str, *, param: str) -> str:
    """The Converse format: by first bytes for PDF, then by media type, then by the file's extension."""
    if base64_text.head(data).startswith(PDF_SIGNATURE):
        return "pdf"
    extension = filename.rpartition(".")[2].lower()
    found = MEDIA_TYPES.get(media_type) or (extension if extension in FORMATS else None)
    if found is None or found == "pdf":
        raise BadRequest(f"the document is not one of {', '.join(sorted(FORMATS))}", param=param)
    return found


def document_name(title: str, param: str) -> str:
    """A name unique within the request: the title's allowed characters, then the block's position.

    Converse allows letters, digits, single spaces, hyphens, parentheses and square brackets, and refuses two
    documents of one name. Source: Bedrock API reference, DocumentBlock (read 2026-11-21).
    """
    stem = NOT_IN_A_NAME.sub(" ", title).strip()[:STEM_CHARACTERS].strip()
    position = "-".join(re.findall(r"\[(\d+)\]", param))
    return f"{stem or 'document'} ({position})"


def document(
    source: converse.Bytes | converse.DocumentContent, model: Model, *, kind: str | None, title: str, param: str
) -> converse.DocumentBlock:
    """The block; `param` is its place in the request. Raises BadRequest for models that read no documents."""
    if not model.capabilities.documents:
        raise BadRequest(f"{model.name} does not accept documents", param=param)
    block: converse.Document = {"name": document_name(title, param), "source": source}
    return {"document": {"format": kind, **block}} if kind else {"document": block}
