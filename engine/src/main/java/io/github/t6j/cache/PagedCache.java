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
import java.util.Objects;
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
 * All layers of an index are allocated when its first token arrives. {@link #fork} shares all pages. A cache that
 * writes to a shared index copies it first. A cache belongs to one thread; its forks may belong to others.
 */
public final class PagedCache implements SequenceCache {
    /** Number of pages that {@link #fill} writes. */
    private static final int WRITTEN = 8;

    /** Size of the largest slab: several huge pages, yet small beside a context long enough to need them. */
    private static final long LARGEST_SLAB = 16 << 20;

    private final PageLayout layout;
    private final Format format;
    private final int layers;
    private RefCountedPages[] pages;
    private Slab slab; // source of the next pages
    private long allocated; // bytes of all slabs so far
    private int mostTokens = Integer.MAX_VALUE;
    private MemoryBudget budget; // or null

    /** Creates an empty cache whose layers all have {@code layout}. */
    public PagedCache(PageLayout layout, Format format, int layers) {
        this(layout, format, layers, new RefCountedPages[0]);
    }

    private PagedCache(PageLayout layout, Format format, int layers, RefCountedPages[] pages) {
        this.layout = layout;
        this.format = format;
        this.layers = layers;
        this.pages = pages;
    }

    /** Makes room for tokens; allocates only if they begin a page or write to a shared one. */
    @Override
    public void reserve(int position, int length) {
        int there = pages.length;
        int needed = pagesOf(length);
        if (needed > there) {
            pages = Arrays.copyOf(pages, needed);
        }
        for (int i = position / PageLayout.TOKENS; i < needed; i++) {
            if (pages[i] == null) {
                pages[i] = new RefCountedPages(layout, format, layers, slab(i));
            } else if (pages[i].shared()) {
                pages[i] = pages[i].own(i * PageLayout.TOKENS < position, slab(i));
            }
        }
    }

    /**
     * Returns a slab with room for all layers of page {@code index}. A new slab is as large as all before it, but not
     * larger than {@link #LARGEST_SLAB} and the pages to come.
     */
    private Slab slab(int index) {
        long bytes = pageBytes();
        if (slab == null || !slab.has(bytes)) {
            releaseSlab();
            long most = Math.min(Math.min(allocated, LARGEST_SLAB) / bytes, pagesOf(mostTokens) - index);
            slab = new Slab(Math.max(1, most) * bytes, budget);
            allocated += Math.max(1, most) * bytes;
            Events.cacheGrowth(slab.unused(), heldBytes());
        }
        return slab;
    }

    private long pageBytes() {
        return RefCountedPages.bytes(layout, format, layers);
    }

    @Override
    public void charge(MemoryBudget newBudget) {
        budget = newBudget;
    }

    @Override
    public void limit(int tokens) {
        mostTokens = tokens;
    }

    @Override
    public long growthBytes(int position, int tokens) {
        long missing = 0;
        for (int i = position / PageLayout.TOKENS; i < pagesOf(tokens); i++) {
            missing += i >= pages.length || pages[i] == null || pages[i].shared() ? 1 : 0;
        }
        return Math.max(0, missing * pageBytes() - (slab == null ? 0 : slab.unused()));
    }

    /** Returns the number of bytes that a cache limited to {@code tokens} tokens holds when it is full. */
    public static long heldBytes(PageLayout layout, Format format, int layers, int tokens) {
        return pagesOf(tokens) * RefCountedPages.bytes(layout, format, layers);
    }

    private static int pagesOf(int tokens) {
        return Math.ceilDiv(tokens, PageLayout.TOKENS);
    }

    /** Returns one layer of the page whose first token is {@code 64 · index}. */
    public Page page(int layer, int index) {
        return pages[index].layer(layer);
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
        RefCountedPages[] shared = Arrays.copyOf(pages, pagesOf(length));
        for (RefCountedPages page : shared) {
            page.retain();
        }
        PagedCache fork = new PagedCache(layout, format, layers, shared);
        fork.budget = budget;
        fork.mostTokens = mostTokens;
        return fork;
    }

    /** Returns {@code layer.0}, {@code layer.1}, …: U8 [pages][bytes], cleared after the last token. */
    @Override
    public List<LazyTensor> tensors(int length) {
        List<LazyTensor> tensors = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            int own = layer;
            tensors.add(new LazyTensor(name(layer), DType.U8, shape(length), arena -> bytes(own, length, arena)));
        }
        return tensors;
    }

    private static String name(int layer) {
        return "layer." + layer;
    }

    private List<Long> shape(int length) {
        return List.of((long) pagesOf(length), layout.bytes(format));
    }

    private MemorySegment bytes(int layer, int length, Arena arena) {
        long size = layout.bytes(format);
        MemorySegment all = arena.allocate(pagesOf(length) * size, 64);
        for (int i = 0; i < pagesOf(length); i++) {
            all.asSlice(i * size, size).copyFrom(page(layer, i).data);
        }
        if (slot(length) > 0) {
            Page last = new Page(layout, format, all.asSlice(all.byteSize() - size));
            last.clearFrom(slot(length));
        }
        return all;
    }

    @Override
    public void restore(Map<String, Tensor> tensors, int length, String where) {
        List<Long> shape = shape(length);
        SequenceCache.checkNames(tensors, IntStream.range(0, layers).mapToObj(PagedCache::name).toList(), where);
        for (int layer = 0; layer < layers; layer++) {
            SequenceCache.check(tensors.get(name(layer)), name(layer), DType.U8, shape, where);
        }
        reserve(0, length);
        long size = layout.bytes(format);
        for (int layer = 0; layer < layers; layer++) {
            for (int i = 0; i < pagesOf(length); i++) {
                page(layer, i).data.copyFrom(tensors.get(name(layer)).data().asSlice(i * size, size));
            }
        }
    }

    /** Frees the pages if no token is left; otherwise the pages of a longer sequence stay for later tokens. */
    @Override
    public void truncate(int from, int length) {
        if (length == 0) {
            clear();
        }
    }

    /** Frees the pages after the last token; what is left of a slab stays for later tokens. */
    @Override
    public void trim(int length) {
        for (int i = pagesOf(length); i < pages.length; i++) {
            release(pages[i]);
        }
        pages = Arrays.copyOf(pages, Math.min(pages.length, pagesOf(length)));
        if (slab != null && slab.isUnshared()) {
            releaseSlab();
        }
    }

    /** Writes a few pages token by token and copies them to the others, because a million tokens are gigabytes. */
    @Override
    public void fill(int length, long seed) {
        reserve(0, length);
        int written = Math.min(WRITTEN, pagesOf(length));
        SplittableRandom random = new SplittableRandom(seed);
        float[] columns = new float[layout.columns()];
        float[] rows = new float[layout.groups() * layout.width()];
        for (int token = 0; token < written * PageLayout.TOKENS; token++) {
            for (int layer = 0; layer < layers; layer++) {
                fill(columns, random);
                fill(rows, random);
                pageOf(layer, token).write(slot(token), columns, 0, rows, 0);
            }
        }
        for (int i = written; i < pagesOf(length); i++) {
            for (int layer = 0; layer < layers; layer++) {
                page(layer, i).data.copyFrom(page(layer, i % written).data);
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
        return (long) length * layers * layout.bytesPerToken(format);
    }

    @Override
    public long heldBytes() {
        long count = Arrays.stream(pages).filter(Objects::nonNull).count();
        Slab source = slab; // another thread may change the field meanwhile
        return count * pageBytes() + (source == null ? 0 : source.unused());
    }

    /** Frees the pages that no other cache shares. */
    private void clear() {
        for (RefCountedPages page : pages) {
            release(page);
        }
        pages = new RefCountedPages[0];
        releaseSlab();
        allocated = 0;
    }

    private static void release(RefCountedPages page) {
        if (page != null) { // null if memory ran out
            page.release();
        }
    }

    private void releaseSlab() {
        if (slab != null) {
            slab.release();
            slab = null;
        }
    }

    /** Frees all memory except pages that other caches share. */
    @Override
    public void close() {
        clear();
    }
}
