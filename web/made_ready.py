"""What a start would make and keep, made ahead of the first: `python -m web.made_ready`, where an image is built."""

from web.assets import Assets
from web.emoji import character
from web.templating import Templates


def make_ready() -> None:
    """Compile the templates, and make the table of emoji."""
    Templates(Assets()).compile_all()
    character(":wave:")


if __name__ == "__main__":
    make_ready()
