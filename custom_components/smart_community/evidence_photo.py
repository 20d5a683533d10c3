"""A photo as it may be kept: a picture that decodes, without the place where it was taken.

A phone writes its position into each photo. A guard's photo of a resident's home would carry it to
everybody who sees the incident; only a community that says so keeps it. Everything here blocks.
"""

import io
import warnings
from typing import Any, Final

from PIL import ExifTags, Image, UnidentifiedImageError

from .engine.evidence import EvidenceError

LARGEST: Final = 10 * 1024 * 1024
_FORMATS: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_QUALITY: Final = {"JPEG": "keep", "WEBP": 90}
# What is worth keeping of a photo's own notes: which way is up, when, and with what it was taken.
_KEPT: Final = (
    ExifTags.Base.Orientation,
    ExifTags.Base.DateTime,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
)
_KEPT_INSIDE: Final = (
    ExifTags.Base.DateTimeOriginal,
    ExifTags.Base.OffsetTimeOriginal,
)


def clean_photo(content: bytes, *, keep_position: bool) -> tuple[bytes, str]:
    """Return a photo as it is kept, and its media type.

    Raises EvidenceError `photo_too_large` or `photo_unreadable`.
    """
    if len(content) > LARGEST:
        raise EvidenceError("photo_too_large", f"{len(content) / 1024**2:.1f} MB")
    try:
        with warnings.catch_warnings():
            # A small file that unpacks to gigabytes is no photo.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(_FORMATS)) as image:
                image.load()
                form = str(image.format)
                if keep_position:
                    return content, _FORMATS[form]
                return _without_position(image, form), _FORMATS[form]
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        SyntaxError,
        ValueError,
    ) as err:
        raise EvidenceError("photo_unreadable", str(err) or type(err).__name__) from err


def _without_position(image: Image.Image, form: str) -> bytes:
    """Write a picture anew with its kept notes only: what is not carried over cannot leak."""
    said, kept = image.getexif(), Image.Exif()
    for tag in _KEPT:
        if tag in said:
            kept[tag] = said[tag]
    inside = said.get_ifd(ExifTags.IFD.Exif)
    chosen = {int(tag): inside[tag] for tag in _KEPT_INSIDE if tag in inside}
    if chosen:
        kept.get_ifd(ExifTags.IFD.Exif).update(chosen)
    profile = image.info.get("icc_profile")
    # The picture's own notes and comments stay behind: they may hold the position in other words.
    image.info = {}
    # The photo's own tables: what is written anew loses nothing that an eye could see.
    quality: dict[str, Any] = {"quality": _QUALITY[form]} if form in _QUALITY else {}
    out = io.BytesIO()
    image.save(out, form, exif=kept.tobytes(), icc_profile=profile, **quality)
    return out.getvalue()
