package io.github.t6j.jmh.report;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** The report as one page without other files or scripts. */
final class HtmlPage {
    private static final String STYLE = """
            :root { color-scheme: light dark; --ink: #111; --paper: #fff; --line: #ddd; --head: #f2f2f2; --own: #e8f0fa; }
            @media (prefers-color-scheme: dark) {
                :root { --ink: #e8e8e8; --paper: #16181d; --line: #3a3e47; --head: #242831; --own: #1f2d40; }
            }
            body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
                   padding: 12px; max-width: 1060px; overflow-wrap: anywhere; }
            h1 { font-size: 1.7rem; line-height: 1.2; }
            h2 { font-size: 1.3rem; margin-top: 2.2em; border-bottom: 2px solid var(--line); }
            .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; }
            figure { margin: 0; }
            img { width: 100%; max-width: 560px; height: auto; border: 1px solid var(--line); box-sizing: border-box; }
            figcaption { font-size: .85rem; }
            summary { margin-top: 1em; cursor: pointer; }
            .scroll { overflow-x: auto; margin: 1em 0; }
            table { border-collapse: collapse; font-size: .85rem; overflow-wrap: normal; }
            th, td { padding: 3px 9px; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
            td { font-variant-numeric: tabular-nums; }
            th { background: var(--head); }
            tr.own td { background: var(--own); font-weight: bold; }
            td.word, th.word { text-align: left; min-width: 4em; }
            .wide td.word:first-child { min-width: 9em; }
            @media (max-width: 600px) {
                table { font-size: .75rem; }
                th, td { padding: 3px; }
                td.word, th.word, .wide td.word:first-child { min-width: 3em; }
            }
            """;

    /** Number of rows from which a table is folded. */
    private static final int LONG = 24;

    private HtmlPage() {}

    /** @param facts line below the title */
    static String of(String title, String facts, List<Section> sections) {
        StringBuilder page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n"
                + "<title>" + escape(title) + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n<h1>"
                + escape(title) + "</h1>\n<p>" + escape(facts) + "</p>\n");
        sections.forEach(section -> section(section, page));
        return page.append("</body>\n</html>\n").toString();
    }

    private static void section(Section section, StringBuilder page) {
        page.append("<section>\n<h2>").append(escape(section.title)).append("</h2>\n");
        section.paragraphs.forEach(text -> page.append("<p>").append(escape(text)).append("</p>\n"));
        if (!section.plots.isEmpty()) {
            page.append("<div class=\"plots\">\n");
            section.plots.forEach(plot -> figure(plot, page));
            page.append("</div>\n");
        }
        section.tables.forEach(table -> table(table, page));
        if (!section.notes.isEmpty()) {
            page.append("<ul>\n");
            section.notes.forEach(text -> page.append("<li>").append(escape(text)).append("</li>\n"));
            page.append("</ul>\n");
        }
        page.append("</section>\n");
    }

    private static void figure(Plot plot, StringBuilder page) {
        page.append("<figure><img alt=\"").append(escape(plot.title())).append("\" src=\"data:image/svg+xml;base64,")
                .append(Base64.getEncoder().encodeToString(plot.svg().getBytes(StandardCharsets.UTF_8))).append("\">");
        plot.notes().forEach(note -> page.append("<figcaption>").append(escape(note)).append("</figcaption>"));
        page.append("</figure>\n");
    }

    private static void table(Table table, StringBuilder page) {
        boolean folded = table.rows().size() > LONG;
        if (folded) {
            page.append("<details><summary>").append(table.rows().size()).append(" rows: ")
                    .append(escape(String.join(", ", table.header()))).append("</summary>\n");
        }
        page.append("<div class=\"scroll\"><table").append(table.header().size() > 2 ? " class=\"wide\"" : "")
                .append(">\n<thead>");
        row(table, table.header(), "th", page);
        page.append("</thead>\n<tbody>\n");
        table.rows().forEach(cells -> row(table, cells, "td", page));
        page.append("</tbody>\n</table></div>\n").append(folded ? "</details>\n" : "");
    }

    private static void row(Table table, List<String> cells, String tag, StringBuilder page) {
        boolean own = tag.equals("td") && cells.getFirst().matches("TPA.*|t6-.*");
        page.append(own ? "<tr class=\"own\">" : "<tr>");
        for (int i = 0; i < cells.size(); i++) {
            boolean word = i < table.labels();
            page.append('<').append(tag).append(word ? " class=\"word\">" : ">")
                    .append(escape(word || tag.equals("th") ? cells.get(i) : unbroken(cells.get(i))))
                    .append("</").append(tag).append('>');
        }
        page.append("</tr>\n");
    }

    /** Keeps a number on the line of its unit; only its error may move to the next line. */
    private static String unbroken(String cell) {
        return cell.replaceAll("(?<=[0-9±]) (?=[^ ±…])", "\u00a0");
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
