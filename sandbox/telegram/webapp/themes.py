"""The colours of the page, as a Mini App is told of them."""

from typing import Final, Literal

Theme = Literal["light", "dark"]

THEMES: Final[dict[Theme, dict[str, str]]] = {
    "light": {
        "bg_color": "#ffffff",
        "secondary_bg_color": "#f2f5f3",
        "text_color": "#14221f",
        "hint_color": "#687a76",
        "subtitle_text_color": "#687a76",
        "link_color": "#0a625e",
        "accent_text_color": "#0a625e",
        "button_color": "#0d7f79",
        "button_text_color": "#ffffff",
        "destructive_text_color": "#c73939",
        "header_bg_color": "#ffffff",
        "bottom_bar_bg_color": "#ffffff",
        "section_bg_color": "#ffffff",
        "section_header_text_color": "#0a625e",
        "section_separator_color": "#e2e8e5",
    },
    "dark": {
        "bg_color": "#152023",
        "secondary_bg_color": "#0d1719",
        "text_color": "#e7f0ee",
        "hint_color": "#8ba19d",
        "subtitle_text_color": "#8ba19d",
        "link_color": "#6fd6ca",
        "accent_text_color": "#6fd6ca",
        "button_color": "#42c3b5",
        "button_text_color": "#05201e",
        "destructive_text_color": "#f07a74",
        "header_bg_color": "#1d2a2d",
        "bottom_bar_bg_color": "#1d2a2d",
        "section_bg_color": "#1d2a2d",
        "section_header_text_color": "#6fd6ca",
        "section_separator_color": "#263538",
    },
}
