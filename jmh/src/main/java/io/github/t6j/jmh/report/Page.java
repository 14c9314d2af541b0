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
import org.commonmark.ext.gfm.tables.TableCell;
import org.commonmark.ext.gfm.tables.TableRow;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Image;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/** Pages from the templates beside this class: Markdown, and HTML without other files or scripts. */
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
        text.accept(new AbstractVisitor() {
            @Override
            public void visit(Image image) {
                plots.stream().filter(plot -> image.getDestination().equals("plots/" + plot.name() + ".svg")).forEach(
                        plot -> image.setDestination("data:image/svg+xml;base64,"
                                + Base64.getEncoder().encodeToString(plot.svg().getBytes(StandardCharsets.UTF_8))));
                visitChildren(image);
            }

            /** Keeps a number on the line of its unit; only its error may move to the next line. */
            @Override
            public void visit(Text cell) {
                if (cell.getParent() instanceof TableCell parent && !parent.isHeader()) {
                    cell.setLiteral(cell.getLiteral().replaceAll("(?<=[0-9±]) (?=[^ ±…])", "\u00a0"));
                }
            }
        });
        HtmlRenderer renderer = HtmlRenderer.builder().extensions(TABLES).attributeProviderFactory(
                context -> (node, tag, attributes) -> {
                    if (node instanceof TableRow && first(node.getFirstChild()).matches("TPA|TPA KV-only|t6-.*")) {
                        attributes.put("class", "own");
                    } else if (node instanceof TableCell && node.getPrevious() == null && first(node).length() > LONG) {
                        attributes.put("class", "long");
                    }
                }).build();
        return of("report/page.html.ftl",
                Map.of("title", markdown.lines().findFirst().orElseThrow().substring(2), "body",
                        renderer.render(text)));
    }

    private static String first(Node cell) {
        return cell.getFirstChild() instanceof Text text ? text.getLiteral() : "";
    }
}
