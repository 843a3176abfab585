"""A report as one self-contained HTML page: no script, font or other address."""

import base64

from jinja2 import Environment, PackageLoader, StrictUndefined

from alert_trader.control.reports import wording as words
from alert_trader.control.reports.picture import LIGHT, picture
from alert_trader.domain.reports.figures import Report
from alert_trader.domain.reports.timeline import Timeline

_pages = Environment(
    loader=PackageLoader("alert_trader.control.reports", ""),
    # alerts and names are untrusted text
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.filters.update(dollars=words.dollars, share=words.share, price=words.price, span=words.span)


def page(report: Report, *, timeline: Timeline | None = None) -> str:
    """Return a report as a page; with a timeline, its trades in the picture and as a table."""
    drawn = base64.b64encode(picture(report, timeline=timeline, palette=LIGHT, headed=False)).decode()
    return _pages.get_template("report.html.jinja").render(
        report=report,
        head=words.HEADS[report.scope.grouping],
        figures=list(words.figures(report)),
        tiles=words.tiles(report),
        notes=words.notes(report),
        timeline=timeline,
        picture=drawn,
    )
