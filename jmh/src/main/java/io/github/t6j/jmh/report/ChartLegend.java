package io.github.t6j.jmh.report;

import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.util.stream.Stream;
import org.jfree.chart.LegendItem;
import org.jfree.chart.block.Block;
import org.jfree.chart.block.BlockContainer;
import org.jfree.chart.block.GridArrangement;
import org.jfree.chart.block.LabelBlock;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.text.TextBlockAnchor;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;

/** Legend in columns of the same width, whose lines and labels begin below each other. */
@SuppressWarnings("serial") // nothing serialises it
final class ChartLegend extends LegendTitle {
    /** Width of an item's line, and the space around it and its label. */
    private static final int LINE = 50;

    private ChartLegend(XYPlot plot, GridArrangement grid, Font font) {
        super(plot, grid, grid);
        setItemFont(font);
        setPosition(RectangleEdge.BOTTOM);
    }

    /** Returns the legend of the curves in {@code plot}. @param width width of the figure without its borders */
    static ChartLegend of(XYPlot plot, Font font, double width) {
        FontRenderContext context = new FontRenderContext(null, true, true);
        Stream<LegendItem> items = Stream.iterate(0, i -> i + 1).limit(plot.getLegendItems().getItemCount())
                .map(plot.getLegendItems()::get);
        double widest = items.mapToDouble(item -> font.getStringBounds(item.getLabel(), context).getWidth()).max()
                .orElse(0);
        int count = Math.max(1, plot.getLegendItems().getItemCount());
        int rows = Math.ceilDiv(count, Math.max(1, (int) (width / (widest + LINE))));
        int columns = Math.ceilDiv(count, rows);
        return new ChartLegend(plot, new GridArrangement(rows, columns), font);
    }

    /** Returns an item at the left of its column, where its superclass centres it. */
    @Override
    protected Block createLegendItemBlock(LegendItem item) {
        BlockContainer centered = (BlockContainer) super.createLegendItemBlock(item);
        BlockContainer block = (BlockContainer) centered.getBlocks().getFirst();
        block.setPadding(new RectangleInsets(0, 8, 0, 0));
        for (Object part : block.getBlocks()) {
            if (part instanceof LabelBlock label) {
                label.setTextAnchor(RectangleAnchor.LEFT);
                label.setContentAlignmentPoint(TextBlockAnchor.CENTER_LEFT);
            }
        }
        return block;
    }
}
