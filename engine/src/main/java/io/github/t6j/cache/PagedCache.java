package io.github.t6j.cache;

import io.github.t6j.kernels.Format;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.NativeMemory;
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
 * The pages of a sequence, for all layers. Pages are what is kept, cut, saved and shared.
 *
 * <pre>
 *   index 0  | layer 0 | layer 1 | …      tokens 0 … 63, each layer as its {@link PageLayout} says
 *   index 1  | layer 0 | layer 1 | …      tokens 64 … 127
 * </pre>
 *
 * An index is allocated when its first token comes, all layers of it at once. {@link #fork} shares all of them: an
 * index that others have, too, is copied when one of them writes there. A cache belongs to one thread; forks may belong
 * to others.
 */
public final class PagedCache implements SequenceCache {
    /** Pages that {@link #fill} writes. */
    private static final int WRITTEN = 8;

    /** Several huge pages, and little beside a context that is long enough to need them. */
    private static final long LARGEST_SLAB = 16 << 20;

    private final PageLayout layout;
    private final Format format;
    private final int layers;
    private RefCountedPages[] pages;
    private Slab slab; // what the next pages are cut from
    private long allocated; // bytes of all slabs so far
    private final NativeMemory scratch = NativeMemory.shared();

    /** An empty cache whose layers all keep {@code layout}. */
    public PagedCache(PageLayout layout, Format format, int layers) {
        this(layout, format, layers, new RefCountedPages[0]);
    }

    private PagedCache(PageLayout layout, Format format, int layers, RefCountedPages[] pages) {
        this.layout = layout;
        this.format = format;
        this.layers = layers;
        this.pages = pages;
    }

    /** What a page holds. */
    public PageLayout layout() {
        return layout;
    }

    /** How its elements are stored. */
    public Format format() {
        return format;
    }

    /** Memory for whoever computes attention over this cache, freed with it. */
    public Arena scratch() {
        return scratch;
    }

    /** Allocates only where the tokens begin a page or meet one that others share. */
    @Override
    public void reserve(int position, int length) {
        int there = pages.length;
        int needed = pagesOf(length);
        if (needed > there) {
            pages = Arrays.copyOf(pages, needed);
        }
        for (int i = position / PageLayout.TOKENS; i < needed; i++) {
            if (pages[i] == null) {
                pages[i] = new RefCountedPages(layout, format, layers, slab());
            } else if (pages[i].shared()) {
                pages[i] = pages[i].own(i * PageLayout.TOKENS < position, slab());
            }
        }
    }

    /** A slab with room for all layers of a page: each is as large as those before it, within bounds. */
    private Slab slab() {
        long bytes = RefCountedPages.bytes(layout, format, layers);
        if (slab == null || !slab.has(bytes)) {
            releaseSlab();
            long size = Math.max(1, Math.min(allocated, LARGEST_SLAB) / bytes) * bytes;
            slab = new Slab(size);
            allocated += size;
        }
        return slab;
    }

    private static int pagesOf(int tokens) {
        return (tokens + PageLayout.TOKENS - 1) / PageLayout.TOKENS;
    }

    /** One layer of the page whose first token is {@code 64 · index}. */
    public Page page(int layer, int index) {
        return pages[index].layer(layer);
    }

    /** One layer of the page that holds {@code token}; there it is slot {@link #slot}. */
    public Page pageOf(int layer, int token) {
        return page(layer, token / PageLayout.TOKENS);
    }

    /** Which of its page's tokens {@code token} is. */
    public static int slot(int token) {
        return token % PageLayout.TOKENS;
    }

    /** Shares the pages; who writes to one that others have, too, gets a copy of it. */
    @Override
    public PagedCache fork(int length) {
        RefCountedPages[] shared = Arrays.copyOf(pages, pagesOf(length));
        for (RefCountedPages page : shared) {
            page.retain();
        }
        return new PagedCache(layout, format, layers, shared);
    }

    /** {@code layer.0}, {@code layer.1}, …: U8 [pages][bytes], what follows the last token cleared. */
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
            all.asSlice(i * size, size).copyFrom(page(layer, i).data());
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
                page(layer, i).data().copyFrom(tensors.get(name(layer)).data().asSlice(i * size, size));
            }
        }
    }

    @Override
    public void commit() {
        // A page's slots past the sequence's end mean nothing, whether a pass wrote to them or not.
    }

    /** Gives the pages back if no token is left; what a longer sequence had stays for the tokens that follow. */
    @Override
    public void truncate(int from, int length) {
        if (length == 0) {
            clear();
        }
    }

    /** Writes a few pages token by token and copies these to the others: a million tokens are gigabytes. */
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
                page(layer, i).data().copyFrom(page(layer, i % written).data());
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
        long page = RefCountedPages.bytes(layout, format, layers);
        long count = Arrays.stream(pages).filter(Objects::nonNull).count();
        return count * page + (slab == null ? 0 : slab.unused());
    }

    /** Frees the pages that no other cache shares. */
    private void clear() {
        for (RefCountedPages page : pages) {
            if (page != null) {
                page.release();
            }
        }
        pages = new RefCountedPages[0];
        releaseSlab();
        allocated = 0;
    }

    private void releaseSlab() {
        if (slab != null) {
            slab.release();
            slab = null;
        }
    }

    /** Frees all memory, but for pages that other caches share. */
    @Override
    public void close() {
        clear();
        scratch.close();
    }
}
