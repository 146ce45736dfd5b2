"""Says in one line what a bucket's store has refused, and which setting to look at."""

import re

_DUMP = " Debug source:"
"""What follows in an error of obstore is a dump of its Rust values."""
_REASON_CHARACTERS = 300
_ANSWER = re.compile("<Code>([^<]+)</Code>.*?<Message>([^<]+)</Message>")
"""The reason in a store's answer, which is XML."""
_OF_THE_SYSTEM = re.compile('(?:message|error): "([^"]+)"|(InvalidCertificate)\\(')
"""Such as "Connection refused"."""
_SETTINGS = (
    ("TMPDIR", ("[Errno ",)),
    ("ARCHIVE_S3_REGION", ("configured region", "AuthorizationHeaderMalformed", "the region")),
    ("ARCHIVE_S3_ACCESS_KEY_ID", ("401 Unauthorized", "403 Forbidden", "169.254.169.254", "redential")),
    ("ARCHIVE_S3_ENDPOINT", ("error sending request", "extract metadata", "panicked")),
)
"""A setting, and words of the errors that it causes; without any of them it is the bucket."""


def no_bucket(error: BaseException) -> bool:
    """Return whether the bucket itself is not there, which the store answers to a request for a file too."""
    return "<Code>NoSuchBucket</Code>" in str(error)


def told(error: BaseException, what: str, place: str) -> str:
    """Return a line that begins with the name of a setting.

    Args:
        error: Of obstore.
        what: What could not be done: "stored", "listed".
        place: The bucket, as `ARCHIVE_TO` has it.
    """
    text, _, dump = " ".join(str(error).split()).partition(_DUMP)
    setting = next((name for name, words in _SETTINGS if any(word in text for word in words)), "ARCHIVE_TO")
    if answer := _ANSWER.search(text):
        text = f"{answer[1]}: {answer[2]}"
    text = text[:_REASON_CHARACTERS]
    if answer is None and (system := _OF_THE_SYSTEM.search(dump)):  # what matters most comes last, so it is not cut off
        text = f"{text}: {(system[1] or system[2])[:_REASON_CHARACTERS]}"
    return f"{setting}: nothing could be {what} in {place}: {text}"
