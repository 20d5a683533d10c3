"""Pictures: a floor's plan, as a property company has it, and what a phone's camera takes."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.async_api import FilePayload

WIDTH, HEIGHT = 1200, 640
WALL, DOOR, ROOM = "#37474f", "#ffffff", "#f4f6f7"
FLATS = 4


def draw_plan(path: Path) -> None:
    """Write the plan as a PNG: four flats to each side of a corridor, a stair at each end."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    left, right, top, bottom = 110, WIDTH - 110, 40, HEIGHT - 40
    corridor = (HEIGHT // 2 - 50, HEIGHT // 2 + 50)
    wide = (right - left) / FLATS
    for flat in range(FLATS):
        for upper in (True, False):
            y = (top, corridor[0]) if upper else (corridor[1], bottom)
            x = (left + flat * wide, left + (flat + 1) * wide)
            pen.rectangle([x[0], y[0], x[1], y[1]], fill=ROOM, outline=WALL, width=8)
            middle = (y[0] + y[1]) / 2
            pen.line([x[0], middle, x[0] + wide * 0.55, middle], fill=WALL, width=5)
            pen.line([x[0] + wide * 0.55, y[0], x[0] + wide * 0.55, middle], fill=WALL, width=5)
            gap = corridor[0] if upper else corridor[1]
            pen.line([x[1] - 70, gap, x[1] - 25, gap], fill=DOOR, width=9)
    for x in (left - 80, right):
        pen.rectangle([x, corridor[0] - 60, x + 80, corridor[1] + 60], outline=WALL, width=8)
        for tread in range(corridor[0] - 40, corridor[1] + 60, 20):
            pen.line([x + 10, tread, x + 70, tread], fill=WALL, width=2)
    picture.save(path)


def camera() -> FilePayload:
    """A photo as a phone's camera hands it over."""
    photo = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(photo, "JPEG")
    return {"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
