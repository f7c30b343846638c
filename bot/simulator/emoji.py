"""The emoji of the invented workspace's own, each a small drawing."""

_DRAWINGS = {
    "meridian": (
        '<rect x="4" y="4" width="56" height="56" rx="14" fill="#095c83"/>'
        '<path d="M16 42a16 16 0 0 1 32 0z" fill="#f9cf62"/>'
        '<path d="M10 48h44M32 20v-8M14 26l-5-5M50 26l5-5" stroke="#f9cf62" stroke-width="4" stroke-linecap="round"/>'
    ),
    "dancing-parcel": (
        '<g transform="rotate(-10 32 34)"><rect x="12" y="20" width="40" height="34" rx="4" fill="#c98f4f"/>'
        '<path d="M12 30h40M32 20v34" stroke="#8a5a2b" stroke-width="4"/>'
        '<circle cx="24" cy="40" r="3" fill="#2c2430"/><circle cx="40" cy="40" r="3" fill="#2c2430"/>'
        '<path d="M26 46q6 5 12 0" stroke="#2c2430" stroke-width="3" fill="none" stroke-linecap="round"/></g>'
    ),
}
NAMES = frozenset(_DRAWINGS)


def drawing(name: str) -> str | None:
    """The SVG of an emoji; None for one that the workspace does not have."""
    content = _DRAWINGS.get(name)
    size = 'viewBox="0 0 64 64" width="64" height="64"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{content}</svg>' if content else None
