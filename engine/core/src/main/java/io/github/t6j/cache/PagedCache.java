package io.github.t6j.cache;

import io.github.t6j.events.Events;
import io.github.t6j.kernels.Format;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Pages of a sequence, for all layers. A page is the unit of storing, truncating, saving and sharing.
 *
 * <pre>
 *   index 0  | layer 0 | layer 1 | …      tokens 0 … 63, each layer as its {@link PageLayout} draws it
 *   index 1  | layer 0 | layer 1 | …      tokens 64 … 127
 * </pre>
 *
 * Layers with the same window share {@link LayerPages}, which allocates the pages of an index when its first token
 * arrives and frees them when no later query sees them. {@link #fork} shares all pages. A cache that writes to a shared
 * index copies it first. A cache belongs to one thread; its forks may belong to others.
 */
public final class PagedCache implements SequenceCache {
    /** Number of pages that {@link #fill} writes. */
    private static final int WRITTEN = 8;

    private final PageLayout layout;
    private final Format format;
    private final int[] windows; // of each layer
    private final LayerPages[] byWindow; // pages of the layers with each window
    private final LayerPages[] layers; // pages of each layer
    private final int[] places; // index of each layer in its pages

    /** Creates an empty cache whose layers all have {@code layout} and see all tokens. */
    public PagedCache(PageLayout layout, Format format, int layers) {
        this(layout, format, new int[layers]);
    }

    /**
     * Creates an empty cache whose layers all have {@code layout}.
     *
     * @param windows tokens that a query of each layer sees, its own included, or 0 for all
     */
    public PagedCache(PageLayout layout, Format format, int[] windows) {
        this(layout, format, windows, Arrays.stream(windows).distinct().mapToObj(window -> new LayerPages(
                layout, format, (int) Arrays.stream(windows).filter(candidate -> candidate == window).count(), window))
                .toArray(LayerPages[]::new));
    }

    private PagedCache(PageLayout layout, Format format, int[] windows, LayerPages[] byWindow) {
        this.layout = layout;
        this.format = format;
        this.windows = windows;
        this.byWindow = byWindow;
        int[] distinct = Arrays.stream(windows).distinct().toArray();
        int[] counts = new int[distinct.length];
        layers = new LayerPages[windows.length];
        places = new int[windows.length];
        for (int layer = 0; layer < windows.length; layer++) {
            int index = 0;
            while (distinct[index] != windows[layer]) {
                index++;
            }
            layers[layer] = byWindow[index];
            places[layer] = counts[index]++;
        }
    }

    /** Makes room for tokens; allocates only if they begin a page or write to a shared one. */
    @Override
    public void reserve(int position, int length) {
        long grown = 0;
        for (LayerPages pages : byWindow) {
            grown += pages.reserve(position, length);
        }
        recordGrowth(grown);
    }

    private void recordGrowth(long bytes) {
        if (bytes > 0) {
            Events.cacheGrowth(bytes, heldBytes());
        }
    }

    @Override
    public void charge(MemoryBudget budget) {
        for (LayerPages pages : byWindow) {
            pages.charge(budget);
        }
    }

    @Override
    public void limit(int tokens) {
        for (LayerPages pages : byWindow) {
            pages.limit(tokens);
        }
    }

    @Override
    public long growthBytes(int position, int tokens) {
        long bytes = 0;
        for (LayerPages pages : byWindow) {
            bytes += pages.growthBytes(position, tokens);
        }
        return bytes;
    }

    /** Returns the number of bytes that a cache limited to {@code tokens} tokens holds when it is full. */
    public static long heldBytes(PageLayout layout, Format format, int[] windows, int tokens) {
        long bytes = 0;
        for (int window : windows) {
            bytes += LayerPages.maxPages(window, tokens) * RefCountedPages.bytes(layout, format, 1);
        }
        return bytes;
    }

    /** Returns the number of tokens that a layer of {@code window} keeps of {@code tokens}. */
    public static int keptTokens(int window, int tokens) {
        return LayerPages.keptTokens(window, tokens);
    }

    /** Returns the fewest tokens to which {@link #truncate} can cut {@code tokens} of a layer of {@code window}. */
    public static int shortestCut(int window, int tokens) {
        return keptTokens(window, tokens) == tokens ? 0 : tokens - LayerPages.REMOVABLE;
    }

    private static int pagesOf(int tokens) {
        return LayerPages.pagesOf(tokens);
    }

    /** Returns one layer of the page whose first token is {@code 64 · index}. */
    public Page page(int layer, int index) {
        return layers[layer].page(index).layer(places[layer]);
    }

    /** Returns the same page, or null if no later token sees it. */
    public Page keptPage(int layer, int index) {
        return layers[layer].page(index) == null ? null : page(layer, index);
    }

    /** Returns one layer of the page that holds {@code token} in slot {@link #slot}. */
    public Page pageOf(int layer, int token) {
        return page(layer, token / PageLayout.TOKENS);
    }

    /** Returns the slot of {@code token} in its page. */
    public static int slot(int token) {
        return token % PageLayout.TOKENS;
    }

    /** Shares the pages with a new cache; a cache that writes to a shared page copies it first. */
    @Override
    public PagedCache fork(int length) {
        LayerPages[] forks = new LayerPages[byWindow.length];
        Arrays.setAll(forks, i -> byWindow[i].fork(length));
        return new PagedCache(layout, format, windows, forks);
    }

    /** Returns {@code layer.0}, {@code layer.1}, …: U8 [pages][bytes], cleared after the last token. */
    @Override
    public List<LazyTensor> tensors(int length) {
        List<LazyTensor> tensors = new ArrayList<>();
        for (int layer = 0; layer < layers.length; layer++) {
            int index = layer;
            int first = Math.max(layers[layer].first(), layers[layer].firstPage(length));
            tensors.add(new LazyTensor(
                    name(layer), DType.U8, shape(first, length), arena -> bytes(index, first, length, arena)));
        }
        return tensors;
    }

    private static String name(int layer) {
        return "layer." + layer;
    }

    private List<Long> shape(int first, int length) {
        return List.of((long) pagesOf(length) - first, layout.bytes(format));
    }

    private MemorySegment bytes(int layer, int first, int length, Arena arena) {
        long size = layout.bytes(format);
        MemorySegment all = arena.allocate((pagesOf(length) - first) * size, 64);
        for (int i = first; i < pagesOf(length); i++) {
            all.asSlice((i - first) * size, size).copyFrom(page(layer, i).data);
        }
        if (slot(length) > 0) {
            Page last = new Page(layout, format, all.asSlice(all.byteSize() - size));
            last.clearFrom(slot(length));
        }
        return all;
    }

    @Override
    public void restore(Map<String, Tensor> tensors, int length, String where) {
        SequenceCache.checkNames(tensors, IntStream.range(0, windows.length).mapToObj(PagedCache::name).toList(),
                where);
        int[] saved = new int[windows.length]; // first page of each layer in the file
        for (int layer = 0; layer < windows.length; layer++) {
            Tensor tensor = tensors.get(name(layer));
            saved[layer] = firstSaved(tensor, layer, length);
            SequenceCache.check(tensor, name(layer), DType.U8, shape(saved[layer], length), where);
        }
        for (int layer = 0; layer < windows.length; layer++) {
            LayerPages pages = layers[layer];
            recordGrowth(pages.reserveFrom(Math.max(saved[layer], pages.firstPage(length)), length));
        }
        long size = layout.bytes(format);
        for (int layer = 0; layer < windows.length; layer++) {
            for (int i = layers[layer].first(); i < pagesOf(length); i++) {
                page(layer, i).data.copyFrom(
                        tensors.get(name(layer)).data().asSlice((i - saved[layer]) * size, size));
            }
        }
    }

    /**
     * Returns the index of the first page in a layer's tensor. With a window, a file has all pages, or only the last
     * ones, which include those that the next query sees.
     */
    private int firstSaved(Tensor tensor, int layer, int length) {
        int last = windows[layer] == 0 ? 0 : Math.max(0, length - windows[layer] + 1) / PageLayout.TOKENS;
        boolean hasPages = tensor != null && tensor.shape().size() == 2;
        return hasPages ? (int) Math.clamp(pagesOf(length) - tensor.shape().getFirst(), 0L, (long) last) : last;
    }

    @Override
    public boolean reaches(int length) {
        for (LayerPages pages : byWindow) {
            if (!pages.reaches(length)) {
                return false;
            }
        }
        return true;
    }

    /** Frees the pages if no token is left; otherwise keeps the pages of a longer sequence for later tokens. */
    @Override
    public int truncate(int from, int length) {
        int left = reaches(length) ? length : 0;
        if (left == 0) {
            clear();
        }
        return left;
    }

    /** Frees the pages after the last token; the rest of a slab stays for later tokens. */
    @Override
    public void trim(int length) {
        for (LayerPages pages : byWindow) {
            pages.trim(length);
        }
    }

    /** Writes a few pages token by token and copies them to the rest, because a million tokens are gigabytes. */
    @Override
    public void fill(int length, long seed) {
        for (LayerPages pages : byWindow) {
            recordGrowth(pages.reserveFrom(pages.firstPage(length), length));
        }
        SplittableRandom random = new SplittableRandom(seed);
        float[] columns = new float[layout.columns()];
        float[] rows = new float[layout.rows() * layout.width()];
        int written = Math.min(WRITTEN, pagesOf(length));
        for (int token = 0; token < written * PageLayout.TOKENS; token++) {
            for (int layer = 0; layer < layers.length; layer++) {
                fill(columns, random);
                fill(rows, random);
                int index = layers[layer].first() + token / PageLayout.TOKENS;
                if (index < pagesOf(length)) {
                    page(layer, index).write(slot(token), columns, 0, rows, 0);
                    for (int i = 0; i < layout.exact(); i++) {
                        page(layer, index).writeExact(slot(token), i, random.nextFloat());
                    }
                }
            }
        }
        for (int layer = 0; layer < layers.length; layer++) {
            for (int i = layers[layer].first() + written; i < pagesOf(length); i++) {
                page(layer, i).data.copyFrom(page(layer, i - written).data);
            }
        }
    }

    private static void fill(float[] elements, SplittableRandom random) {
        for (int i = 0; i < elements.length; i++) {
            elements[i] = (float) random.nextDouble(-1, 1);
        }
    }

    @Override
    public long bytes(int length) {
        long bytes = 0;
        for (LayerPages pages : byWindow) {
            bytes += pages.bytes(length);
        }
        return bytes;
    }

    @Override
    public long heldBytes() {
        long bytes = 0;
        for (LayerPages pages : byWindow) {
            bytes += pages.heldBytes();
        }
        return bytes;
    }

    private void clear() {
        for (LayerPages pages : byWindow) {
            pages.clear();
        }
    }

    /** Frees all memory except pages that other caches share. */
    @Override
    public void close() {
        clear();
    }
}
