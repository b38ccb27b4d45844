"""The report as one HTML page that needs nothing else, in light and dark."""

import html
import math

import plots
import report_text
import tables

STYLE = """
:root { color-scheme: light dark; --back: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #d8dee4;
  --pass: #116329; --short: #a40e26; --raised: #f6f8fa;
  --c0: #0550ae; --c1: #57606a; --c2: #1a7f37; --c3: #953800; --c4: #8250df; --c5: #bf3989;
  --c6: #4d2d00; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #e6edf3; --soft: #9198a1;
  --line: #30363d; --pass: #56d364; --short: #ff7b72; --raised: #161b22;
  --c0: #79c0ff; --c1: #b1bac4; --c2: #7ee787; --c3: #ffa657; --c4: #d2a8ff; --c5: #ff9bce;
  --c6: #e3b341; } }
body { background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif;
  max-width: 70rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
p, figcaption { color: var(--soft); } p { max-width: 46rem; }
figure { margin: 1rem 0; } svg { width: 100%; max-width: 48rem; height: auto; display: block; }
.scroll { overflow-x: auto; } .remarks { white-space: pre-line; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: right;
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { background: var(--raised); }
.pass { color: var(--pass); font-weight: 600; } .short { color: var(--short); font-weight: 600; }
.grid { stroke: var(--line); } .tick { fill: var(--soft); font-size: 11px; }
.axis { fill: var(--soft); font-size: 12px; } .label { font-size: 12px; }
.line { fill: none; stroke-width: 2; }
summary { cursor: pointer; }
""" + "\n".join(
    ".line.c{0} {{ stroke: var(--c{0}); }} .dot.c{0}, .bar.c{0}, .label.c{0} {{ fill: var(--c{0}); }}"
    .format(number) for number in range(7))


def cell(tag, text):
    kind = {"pass": ' class="pass"', "falls short": ' class="short"'}.get(text, "")
    return "<%s%s>%s</%s>" % (tag, kind, html.escape(str(text)), tag)


def table(head, rows):
    out = ['<div class="scroll"><table><thead><tr>']
    out += [cell("th", each) for each in head]
    out.append("</tr></thead><tbody>")
    for row in rows:
        out.append("<tr>" + "".join(cell("td", each) for each in row) + "</tr>")
    out.append("</tbody></table></div>")
    return "\n".join(out)


def figure(svg, caption):
    if not svg:
        return ""
    return "<figure>%s<figcaption>%s</figcaption></figure>" % (svg, html.escape(caption))


def chain_plot(report, active, how, key, wanted, caption, y_label):
    series, sizes = {}, set()
    for each in report["figures"]:
        more = each["more"]
        if each["workload"] != "chain" or each["how"] != how or more["active"] != active:
            continue
        for subject, result in report["results"].get(each["id"], {}).items():
            if wanted(subject):
                sizes.add(more["descriptors"])
                series.setdefault(subject, []).append((more["descriptors"], result[key]))
    if len(sizes) < 2:
        return ""
    ticks = [(size, "{:,}".format(size)) for size in sorted(sizes)]
    return figure(plots.lines({subject: sorted(points) for subject, points in series.items()},
                              "registered descriptors", y_label, ticks, name=caption), caption)


def scans(subject):
    return subject.split("/")[1] in ("poll", "select", "sigio") or subject == "polymux/libevent"


def is_polymux_or(peers):
    return lambda subject: not scans(subject) and (subject.split("/")[0] in peers)


def latency_plot(report, identity, title):
    results = report["results"].get(identity, {})
    series = {}
    for subject, result in results.items():
        if scans(subject) or "latency_us" not in result:
            continue
        # By how many are slower: the tail has as much room as the middle.
        points = [(float(at), value) for at, value in result["latency_us"].items()
                  if 10 <= float(at) < 99.95]
        series[subject] = sorted(points)
    ticks = [(at, "%g %%" % at) for at in (10, 50, 90, 99, 99.9)]
    caption = "Latency of a request by share of the requests that took no longer: " + title
    return figure(plots.lines(series, "share of the requests", "microseconds", ticks,
                              x_of=lambda at: -math.log10(1 - at / 100), name=caption), caption)


def bar_plots(report, identities, unit):
    out = []
    titles = {each["id"]: each["title"] for each in report["figures"]}
    for identity in identities:
        results = report["results"].get(identity, {})
        values = {subject: result["value"] for subject, result in results.items()}
        if values:
            out.append(figure(plots.bars(values, unit, titles[identity]),
                              "%s, %s" % (titles[identity], unit)))
    return "\n".join(out)


def chain_section(report):
    everybody = lambda subject: not scans(subject)
    out = []
    for active in (1, 100):
        out.append(chain_plot(report, active, "instructions", "value", everybody,
                              "Chain, %d active: instructions per event" % active, "instructions"))
    out.append(chain_plot(report, 100, "instructions", "value", scans,
                          "Chain, 100 active, multiplexers that scan: instructions per event",
                          "instructions"))
    for wanted, who in ((everybody, ""), (scans, ", multiplexers that scan")):
        out.append(chain_plot(report, 100, "time", "value", wanted,
                              "Chain, 100 active%s: time per event, kernel included" % who,
                              "nanoseconds"))
    return "\n".join(out)


def details(title, content):
    return "<details><summary>%s</summary>%s</details>" % (html.escape(title), content)


def all_tables(report):
    out = []
    for how in ("instructions", "calls", "heap"):
        head, rows = tables.count_table(report["figures"], report["results"], how)
        if rows:
            out.append(details(tables.HOW[how].capitalize(), table(head, rows)))
    for each in report["figures"]:
        rows = tables.time_rows(each, report["results"]) if each["how"] == "time" else []
        if not rows:
            continue
        content = table(tables.TIME_HEAD, rows)
        latencies = tables.latency_rows(each, report["results"])
        if latencies:
            content += table(tables.LATENCY_HEAD, latencies)
        out.append(details("Time: %s, per %s" % (each["title"], each["unit"]), content))
    return "\n".join(out)


SERVERS = ("echo.c64.p64", "echo.c1.p64", "echo.c64.p16384")


def page(report):
    of = lambda how: ["%s.%s" % (key, how) for key in SERVERS]
    parts = [
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "<title>polymux beside its peers</title><style>%s</style></head><body>" % STYLE,
        "<h1>polymux beside its peers</h1>",
        "<p>%s</p>" % html.escape(report_text.machine_line(report)),
        "<p>Instructions are those in user space, system calls and heap those of the program under "
        "measurement; each is the difference of two runs, so that starting costs nothing. Times are "
        "medians of interleaved rounds; a ratio whose spread holds 1 allows no conclusion. "
        "“hand” is a program that makes the system calls itself, for this purpose alone.</p>",
        "<p class=\"remarks\">%s</p>" % html.escape(report_text.remarks(report)),
    ]
    if report["targets"]:
        parts += ["<h2>Targets</h2>",
                  table(tables.TARGET_HEAD, tables.target_rows(report["targets"]))]
    chain = chain_section(report)
    parts += ["<h2>Cost of an event against registered descriptors</h2>" + chain if chain else "",
              "<h2>Server: instructions per request</h2>" + bar_plots(
                  report, of("instructions"), "instructions"),
              "<h2>Server: system calls per request</h2>" + bar_plots(
                  report, of("calls"), "system calls"),
              "<h2>Server: latency</h2>"]
    titles = {each["id"]: each["title"] for each in report["figures"]}
    parts += [latency_plot(report, identity, titles[identity])
              for identity in of("time") + ["echo.idle10000.time"] if identity in titles]
    parts += ["<h2>Memory</h2>" + bar_plots(
        report, ["memory.idle", "memory.watcher", "memory.timer"], "bytes of heap"),
              "<h2>Every figure</h2>", all_tables(report), "</body></html>"]
    return "\n".join(part for part in parts if part)
