"""The parts that requests are built from: usual ones, and ones that different parsers may read differently."""

SMUGGLED = b"DELETE /smuggled HTTP/1.1\r\nHost: s\r\nX-User-ID: smuggled\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: last\r\nX-User-ID: last\r\nConnection: close\r\n\r\n"
"""Ends most cases. It shows whether the next buyer's request is still read as a separate one."""

METHODS = (b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"PATCH", b"OPTIONS")
ODD_METHODS = (
    b"TRACE", b"CONNECT", b"get", b"Post", b"PRI", b"QUERY", b"M-SEARCH", b"G\x00T", b"GE T", b"", b" GET", b"GET\t",
    b"PROPFIND", b"X" * 40, b"\xff\xfe", b"GET:", b"SOURCE", b"DESCRIBE",
)  # fmt: skip
TARGETS = (
    b"/api/v1/events",
    b"/api/v1/reservations",
    b"/api/v1/reservations/01890000-0000-7000-8000-000000000001/confirm",
    b"/api/v1/events/01890000-0000-7000-8000-000000000001/seats?available=true",
    b"/api/v1/seats/01890000-0000-7000-8000-000000000001",
    b"/health",
    b"/",
)
ODD_TARGETS = (
    b"*", b"//x", b"/a//b", b"/a b", b"/%zz", b"/%00", b"/%2e%2e/x", b"/../x", b"/a/./b", b"/x#y", b"/x?", b"/x?a?b",
    b"/x?%", b"?a=b", b"x", b"", b"http://h/x", b"http://h", b"http://h:80/x?y", b"HTTP://H/x", b"https://u:p@h/x",
    b"http:///x", b"http://[::1]/x", b"//h/x", b"/\xe6\x9d\xb1", b"/\xff", b"/\x00", b"/\x01", b"/\x7f", b"/\t",
    b"/x\r", b"/x;y=z", b"/\\x", b"/'\"<>", b"/" + b"a" * 9000, b"/?" + b"q" * 9000, b"h:443", b"/x/..%2f",
    b"/%C3%BC",
)  # fmt: skip
VERSIONS = (b"HTTP/1.1",)
ODD_VERSIONS = (
    b"HTTP/1.0", b"HTTP/1.0", b"HTTP/0.9", b"", b"HTTP/2.0", b"HTTP/1.2", b"HTTP/1.10", b"http/1.1", b"HTTP/1.1 ",
    b"HTTP/01.1", b"HTTP/1", b"HTTP/1.", b"HTTP/11", b"HTTP/1.1x", b"HTTP/+1.1", b"HTTP/1,1", b"ICE/1.0", b"RTSP/1.0",
    b"HTTP/3.0", b"HTTP /1.1", b"HTTP/1.1\x00", b"\tHTTP/1.1",
)  # fmt: skip
FIELDS = (
    b"X-Request-ID: mine-1",
    b"Accept: */*",
    b"Accept: text/event-stream",
    b"Content-Type: application/json",
    b"Origin: https://shop.example",
    b'If-None-Match: "a-1"',
    b"User-Agent: fuzz",
    b"Cookie: a=b",
)
ODD_FIELDS = (
    b"X-User-ID: two", b"x-user-id:three", b"X-User-ID : four", b"X-User-ID\t: five", b" X-User-ID: six",
    b"X-User-ID:", b"X-User-ID: a,b", b"X-User-ID: \xe3\x81\x82", b"X-User-ID: a\x00b", b"X-User-ID: a\tb",
    b"X_User_ID: seven", b"X-User-ID: a\r\n b", b"X-User-ID: a\r\n\tb", b"X-User-ID: a\rHost: b",
    b"X-User-ID: a\nHost: b", b"X-User-ID", b": b", b"Host: other", b"Host:", b"Host: a/b", b"Host: a b",
    b"Host: a@b", b"Host: [::1]:80", b"Host: a:b", b"host: a\x00", b"Host: \xff",
    b"Upgrade: h2c\r\nConnection: Upgrade",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13",
    b"Connection: upgrade\r\nUpgrade: TLS/1.0", b"Connection: close", b"Connection: keep-alive",
    b"Connection: close, keep-alive", b"Connection: x-user-id", b"Connection: transfer-encoding",
    b"Proxy-Connection: close", b"Keep-Alive: 5", b"TE: trailers", b"Trailer: X-User-ID", b"Expect: 100-continue",
    b"Expect: 100-Continue", b"Expect: 200-ok", b"Expect:", b"Via: 1.0 x", b"X-HTTP-Method-Override: DELETE",
    b"X-Long: " + b"l" * 5000, b"X-Longer: " + b"l" * 20000, b"X-\xff: y", b"X-\x00: y", b"X(y): z", b"X y: z",
    b"Content-Length-: 3", b"Content_Length: 3", b"Transfer_Encoding: chunked", b"X-Empty:", b"X-Tab:\ta\t", b"\r",
    b"\x0b", b"X-Forwarded-For: 6.6.6.6", b"Content-Encoding: gzip", b"X-Bell: \x07", b"X-Del: \x7f",
)  # fmt: skip
ODD_LENGTHS = (
    b"%d, %d", b"+%d", b"-%d", b"0x%x", b"%d ", b" %d", b"\t%d", b"%d_0", b"0%d", b"000000000000000000000%d", b"%d.0",
    b"%de0", b"", b" ", b"18446744073709551616", b"18446744073709551620", b"9223372036854775808", b"4294967296",
    b"%d;", b"\x0b%d", b"%d\r\n ", b"\xd9\xa3", b"'%d'", b"%d,", b",%d",
)  # fmt: skip
ODD_ENCODINGS = (
    b"chunked, chunked", b"identity", b"gzip, chunked", b"chunked, gzip", b"chunked;q=1", b" chunked", b"chunked ",
    b"\tchunked", b"Chunked", b"CHUNKED", b"xchunked", b"chunkedx", b"chunked,", b",chunked", b"", b"chunked\x00",
    b"chunk", b"\x0bchunked", b"'chunked'", b"chunked, identity", b"identity, chunked", b"gzip", b"chunked\r\n ",
    b"\r\n chunked",
)  # fmt: skip
ODD_SIZES = (
    b"0x%x", b"+%x", b"-%x", b" %x", b"%x ", b"%x\t", b"\t%x", b"%x_", b"_%x", b"0000000000000000000%x", b"%x;ext",
    b"%x;ext=val", b'%x;e="q\r\n"', b"%x;e=\xff", b"%x ;e", b"%x; e", b"%x;", b"%x,", b"%x\x00", b"%xg", b"g", b"",
    b"ffffffffffffffff", b"10000000000000000%x", b"8000000000000000", b"%x\r", b"%x;\n", b"%x;a\rb", b"%x;a\nb",
    b"%x;" + b"e" * 5000,
)  # fmt: skip
TRAILERS = (
    b"X-User-ID: trailer", b"Host: trailer", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"X: y",
    b"X-User-ID : t", b" fold", b"no colon", b"X: a\nY: b", b"X: \x00", b"Connection: close", b"X: " + b"t" * 5000,
    b": x",
)  # fmt: skip
LINE_ENDS = (b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\r\n", b" \r\n", b"\x00\r\n")
