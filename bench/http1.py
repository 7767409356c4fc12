"""HTTP/1.1 as bytes: just what the bench's own processes say to each other."""

from collections.abc import Mapping

END_OF_HEAD = b"\r\n\r\n"
END_OF_CHUNKS = b"0\r\n\r\n"


def request(method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    return head(lines, headers) + body


def response(body: bytes, *, content_type: str = "application/json") -> bytes:
    return head(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}"], {"Content-Type": content_type}) + body


def chunked_head(content_type: str) -> bytes:
    return head(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"], {"Content-Type": content_type})


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def head(lines: list[str], headers: Mapping[str, str]) -> bytes:
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def body_length(head_bytes: bytes) -> int:
    """The Content-Length of a head, 0 without one."""
    _, _, rest = head_bytes.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0] or 0)
