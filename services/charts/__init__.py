"""Charts as PNG bytes, sized for a phone. Texts come in ready: this package knows no language."""

from services.charts.specs import Band, Bar, Bars, Chart, Columns, Line, Panel

__all__ = ["Band", "Bar", "Bars", "Chart", "Columns", "Line", "Panel", "draw"]


def draw(chart: Chart) -> bytes:
    """PNG bytes, 1080 points wide. Takes some 100 ms of CPU: call it in a thread."""
    from services.charts.drawing import draw  # matplotlib takes half a second to import: the first chart pays, no start

    return draw(chart)


def warm_up() -> None:
    """Import what drawing needs and draw once, so that the first customer does not wait for it. Call it in a thread."""
    draw(Bars(title="0", bars=(Bar(label="0", share=0.5, text="0"),)))
