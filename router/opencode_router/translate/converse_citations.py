"""Converse's citations, as those of Anthropic Messages.

Sources: Amazon Bedrock API reference, "CitationLocation"; Anthropic API reference, "Citations" (read 2026-11-21).
"""

from collections.abc import Mapping

from opencode_router.wire.converse_events import Citation

DOCUMENT_LOCATIONS = {
    "document_char": ("char_location", "start_char_index", "end_char_index"),
    "document_page": ("page_location", "start_page_number", "end_page_number"),
    "document_chunk": ("content_block_location", "start_block_index", "end_block_index"),
}
"""Converse's location to Anthropic's type and the names of its two ends."""


def text_citation(citation: Citation) -> Mapping[str, object] | None:
    """The citation as a text block holds it.

    None for a web page: Anthropic's has to hold an encrypted index, which Converse does not give.
    """
    location = citation.location
    if location is None:
        return None
    cited_text = "".join(part.text for part in citation.source_content)
    for member, (kind, start, end) in DOCUMENT_LOCATIONS.items():
        if span := getattr(location, member):
            return {
                "type": kind,
                "cited_text": cited_text,
                "document_index": span.document_index,
                "document_title": citation.title,
                start: span.start,
                end: span.end,
                "file_id": None,
            }
    if span := location.search_result_location:
        return {
            "type": "search_result_location",
            "cited_text": cited_text,
            "search_result_index": span.search_result_index,
            "source": citation.source or "",
            "title": citation.title,
            "start_block_index": span.start,
            "end_block_index": span.end,
        }
    return None
