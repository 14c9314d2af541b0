package io.github.t6j.jmh.report;

import freemarker.template.Configuration;
import freemarker.template.TemplateException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.ext.gfm.tables.TableCell;
import org.commonmark.ext.gfm.tables.TableHead;
import org.commonmark.ext.gfm.tables.TableRow;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.CustomBlock;
import org.commonmark.node.CustomNode;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.Image;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/** Pages from the templates next to this class: Markdown, and HTML without other files or scripts. */
public final class Page {
    private static final Configuration TEMPLATES = new Configuration(Configuration.VERSION_2_3_34);
    private static final List<TablesExtension> TABLES = List.of((TablesExtension) TablesExtension.create());

    static {
        TEMPLATES.setClassForTemplateLoading(Page.class, "/io/github/t6j/jmh");
        TEMPLATES.setDefaultEncoding("UTF-8");
        TEMPLATES.setLocale(Locale.ROOT);
        TEMPLATES.setNumberFormat("computer");
        TEMPLATES.setLogTemplateExceptions(false);
    }

    /** Letters from which the first cell of a row is wide on a phone. */
    private static final int LONG = 20;

    private Page() {}

    /** Fills a template. */
    public static String of(String template, Map<String, ?> contents) throws IOException {
        StringWriter text = new StringWriter();
        try {
            TEMPLATES.getTemplate(template).process(contents, text);
        } catch (TemplateException failure) {
            throw new IllegalStateException(template + ": " + failure.getMessage(), failure);
        }
        return text.toString();
    }

    /** Returns the contents of both. */
    static Map<String, Object> with(Map<String, ?> contents, Map<String, ?> more) {
        Map<String, Object> all = new HashMap<>(contents);
        all.putAll(more);
        return all;
    }

    /** Returns the page of a Markdown text with {@code plots}. */
    public static String html(String markdown, List<Plot> plots) throws IOException {
        Node text = Parser.builder().extensions(TABLES).build().parse(markdown);
        text.accept(new Embedding(plots));
        HtmlRenderer renderer = HtmlRenderer.builder().extensions(TABLES)
                .attributeProviderFactory(context -> Page::attributes).build();
        return of("report/page.html.ftl",
                Map.of("title", markdown.lines().findFirst().orElseThrow().substring(2), "body",
                        renderer.render(text)));
    }

    /** Marks rows of t6j's attention, wide cells, and what the header of a row or column belongs to. */
    private static void attributes(Node node, String tag, Map<String, String> attributes) {
        if (node instanceof TableRow && first(node.getFirstChild()).matches("TPA|TPA KV-only|t6-.*")) {
            attributes.put("class", "own");
        } else if (node instanceof TableCell cell && cell.isHeader()) {
            boolean ofColumn = cell.getParent().getParent() instanceof TableHead;
            attributes.put("scope", ofColumn ? "col" : "row");
            if (!ofColumn && first(cell).length() > LONG) {
                attributes.put("class", "long");
            }
        }
    }

    /** Puts the figures into the page, and each table into a box that scrolls, also by keys. */
    private static final class Embedding extends AbstractVisitor {
        private final List<Plot> plots;
        private String heading = "";
        private int tables;

        Embedding(List<Plot> plots) {
            this.plots = plots;
        }

        @Override
        public void visit(Heading node) {
            heading = first(node);
        }

        @Override
        public void visit(Image image) {
            plots.stream().filter(plot -> image.getDestination().equals("plots/" + plot.name() + ".svg")).forEach(
                    plot -> image.setDestination("data:image/svg+xml;base64,"
                            + Base64.getEncoder().encodeToString(plot.svg().getBytes(StandardCharsets.UTF_8))));
            visitChildren(image);
        }

        @Override
        public void visit(CustomBlock block) {
            visitChildren(block);
            if (block instanceof TableBlock) {
                tables++; // two tables may have one heading, but regions need names of their own
                block.insertBefore(block("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table "
                        + tables + ": " + heading.replaceAll("[<>&\"]", "") + "\">"));
                block.insertAfter(block("</div>"));
            }
        }

        private static HtmlBlock block(String text) {
            HtmlBlock block = new HtmlBlock();
            block.setLiteral(text);
            return block;
        }

        @Override
        public void visit(CustomNode node) {
            visitChildren(node);
            if (node instanceof TableCell cell && cell.getPrevious() == null) {
                cell.setHeader(true);
            }
        }

        /** Keeps a number on the line of its unit; its error or the next parameter may move to the next line. */
        @Override
        public void visit(Text cell) {
            if (cell.getParent() instanceof TableCell parent && !parent.isHeader()) {
                cell.setLiteral(cell.getLiteral().replaceAll("(?<=[0-9±]) (?=[^ ±…=(]+([ ,)]|$))", "\u00a0"));
            }
        }
    }

    private static String first(Node cell) {
        return cell.getFirstChild() instanceof Text text ? text.getLiteral() : "";
    }
}
