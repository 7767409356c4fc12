"""What an image really is, by its first bytes."""

MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)


def image_format(content: bytes) -> str | None:
    """One of Converse's words: png, jpeg, gif, webp; None for anything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return next((name for magic, name in MAGIC if content.startswith(magic)), None)
