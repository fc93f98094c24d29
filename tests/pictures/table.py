"""What a file is, as a line of kinds.tsv says it."""


def picture(rows, channels: int = 1) -> str:
    """As the table has it: height, width, channels, values."""
    return f"{len(rows)} {len(rows[0]) // channels} {channels}: {' '.join(str(v) for row in rows for v in row)}"


def refused(sentence: str) -> str:
    return "refused: " + sentence


MASK_OF_COLOURS = refused("a mask in colours; it must hold one region number per pixel")
MASK_IN_JPEG = refused("a mask in JPEG, which changes numbers; save it as PNG or TIFF")
MASK_SEEN_THROUGH = refused("a mask with transparency; it must hold one region number per pixel")

NO_REGIONS = refused("value")  # which no rule explains: each language says it in its words
