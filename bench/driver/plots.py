"""Plots as SVG, drawn by hand so that the report needs nothing from outside. Colours are classes; the
page says what they are in light and in dark."""

import html
import math

import tables

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 16, 44

# A colour for each family, a dash for each variant of it after the first.
FAMILIES = ("polymux", "hand", "libev", "libevent", "libuv", "asio")
DASHES = ("", "7 4", "2 3", "9 3 2 3", "1 5", "12 5")


def colour(subject):
    family = subject.split("/")[0]
    return "c%d" % (FAMILIES.index(family) if family in FAMILIES else len(FAMILIES))


def dashes(subjects):
    seen = {}
    styles = {}
    for subject in subjects:
        family = subject.split("/")[0]
        styles[subject] = DASHES[seen.get(family, 0) % len(DASHES)]
        seen[family] = seen.get(family, 0) + 1
    return styles


def powers(least, most):
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return [10.0 ** power for power in range(low, max(high, low + 1) + 1)]


def short(value):
    for limit, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return "%g%s" % (value / limit, suffix)
    return "%g" % value


def spread_labels(wanted, gap=13):
    """Positions near those wanted, in their order, that do not overlap."""
    placed = []
    for at in sorted(range(len(wanted)), key=lambda index: wanted[index]):
        y = wanted[at]
        if placed and y < placed[-1][1] + gap:
            y = placed[-1][1] + gap
        placed.append((at, y))
    below = placed[-1][1] - (HEIGHT - BOTTOM) if placed else 0
    if below > 0:
        # Too far down: shift back up, keeping the gaps.
        limit = HEIGHT - BOTTOM
        for index in range(len(placed) - 1, -1, -1):
            placed[index] = (placed[index][0], min(placed[index][1], limit))
            limit = placed[index][1] - gap
    return dict(placed)


def lines(series, x_label, y_label, x_ticks, x_of=math.log10, name="plot"):
    """series: {subject: [(x, y)]}; both axes logarithmic unless `x_of` says otherwise."""
    series = {subject: points for subject, points in series.items() if points}
    if not series:
        return ""
    ys = [y for points in series.values() for _, y in points if y > 0]
    y_ticks = powers(min(ys), max(ys))
    low, high = math.log10(y_ticks[0]), math.log10(y_ticks[-1])
    x_low, x_high = x_of(x_ticks[0][0]), x_of(x_ticks[-1][0])

    def px(x):
        return LEFT + (x_of(x) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)

    def py(y):
        share = (math.log10(max(y, y_ticks[0])) - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    out = ['<svg viewBox="0 0 %d %d" role="img" aria-label="%s">' % (WIDTH, HEIGHT,
                                                                   html.escape(name, True))]
    for tick in y_ticks:
        out.append('<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>'
                   % (LEFT, WIDTH - RIGHT, py(tick), py(tick)))
        out.append('<text class="tick" text-anchor="end" x="%d" y="%.1f">%s</text>'
                   % (LEFT - 8, py(tick) + 4, short(tick)))
    for value, label in x_ticks:
        out.append('<text class="tick" text-anchor="middle" x="%.1f" y="%d">%s</text>'
                   % (px(value), HEIGHT - BOTTOM + 18, label))
    out.append('<text class="axis" text-anchor="middle" x="%.1f" y="%d">%s</text>'
               % ((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, html.escape(x_label)))
    out.append('<text class="axis" text-anchor="middle" transform="translate(14 %.1f) rotate(-90)">'
               "%s</text>" % ((TOP + HEIGHT - BOTTOM) / 2, html.escape(y_label)))
    subjects = sorted(series, key=tables.order)
    styles = dashes(subjects)
    labels = spread_labels([py(series[subject][-1][1]) for subject in subjects])
    for index, subject in enumerate(subjects):
        points = series[subject]
        path = " ".join("%.1f,%.1f" % (px(x), py(y)) for x, y in points)
        out.append('<polyline class="line %s" stroke-dasharray="%s" points="%s"/>'
                   % (colour(subject), styles[subject], path))
        for x, y in points:
            out.append('<circle class="dot %s" cx="%.1f" cy="%.1f" r="3"><title>%s, %s: %s</title>'
                       "</circle>" % (colour(subject), px(x), py(y), html.escape(subject),
                                      html.escape("%g" % x), tables.number(y)))
        out.append('<text class="label %s" x="%d" y="%.1f">%s</text>'
                   % (colour(subject), WIDTH - RIGHT + 10, labels[index] + 4,
                      html.escape(subject)))
    out.append("</svg>")
    return "\n".join(out)


def bars(values, unit, name="plot"):
    """values: {subject: y}, the least first."""
    values = {subject: max(value, 0.0) for subject, value in values.items() if value is not None}
    if not values:
        return ""
    row, left = 22, 170
    height = row * len(values) + 8
    most = max(values.values()) or 1.0
    out = ['<svg viewBox="0 0 %d %d" role="img" aria-label="%s">' % (WIDTH, height,
                                                                   html.escape(name, True))]
    for index, subject in enumerate(sorted(values, key=lambda each: values[each])):
        y = 4 + index * row
        width = max(values[subject] / most * (WIDTH - left - 90), 1.5)
        out.append('<text class="label %s" text-anchor="end" x="%d" y="%d">%s</text>'
                   % (colour(subject), left - 8, y + 15, html.escape(subject)))
        out.append('<rect class="bar %s" x="%d" y="%d" width="%.1f" height="%d" rx="2">'
                   "<title>%s: %s %s</title></rect>"
                   % (colour(subject), left, y + 3, width, row - 6, html.escape(subject),
                      tables.number(values[subject]), html.escape(unit)))
        out.append('<text class="tick" x="%.1f" y="%d">%s</text>'
                   % (left + width + 6, y + 15, tables.number(values[subject])))
    out.append("</svg>")
    return "\n".join(out)
