package io.github.t6j.jmh.report;

import java.awt.Dimension;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** Drawing whose text is as wide in every reader's font as in the font that it was placed with. */
final class Drawing extends SVGGraphics2D {
    private final int width;
    private final int height;
    private final List<Integer> widths = new ArrayList<>();

    Drawing(int width, int height) {
        super(emptyDocument());
        this.width = width;
        this.height = height;
        setSVGCanvasSize(new Dimension(width, height));
    }

    private static Document emptyDocument() {
        try {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().getDOMImplementation()
                    .createDocument("http://www.w3.org/2000/svg", "svg", null);
        } catch (ParserConfigurationException never) {
            throw new IllegalStateException("every JDK can make an XML document", never);
        }
    }

    @Override
    public void drawString(String text, float x, float y) {
        super.drawString(text, x, y);
        widths.add(getFontMetrics().stringWidth(text));
    }

    String svg() {
        Element root = getRoot();
        root.setAttribute("viewBox", "0 0 " + width + " " + height);
        for (int i = 0; i < widths.size(); i++) {
            Element text = (Element) root.getElementsByTagNameNS("*", "text").item(i);
            text.setAttribute("textLength", widths.get(i).toString());
            text.setAttribute("lengthAdjust", "spacingAndGlyphs");
        }
        Element style = root.getOwnerDocument().createElementNS(root.getNamespaceURI(), "style");
        style.setTextContent(AttentionStyle.darkRules());
        root.insertBefore(style, root.getFirstChild());
        StringWriter svg = new StringWriter();
        try {
            stream(root, svg, false, false); // as attributes, which dark mode overrides
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return svg.toString();
    }
}
