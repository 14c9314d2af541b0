package io.github.t6j.cache;

import io.github.t6j.kernels.Format;
import io.github.t6j.weights.MemoryBudget;
import java.util.Arrays;
import java.util.Objects;

/**
 * Pages of the layers of a {@link PagedCache} that have the same window. Layers that see all tokens keep all pages.
 * Layers with a window keep a ring: a page that no later query sees becomes spare and stores later tokens. Pages keep
 * their indices.
 *
 * <pre>
 *   window 70          index 0   1   2 | 3   4   5   6   7 |
 *   512 tokens               –   –   – | ring, 5 pages     |    tokens 315 … 511 at least
 * </pre>
 */
final class LayerPages {
    /** Maximum number of tokens removable from the end of a ring without losing tokens that the next query sees. */
    static final int REMOVABLE = 2 * PageLayout.TOKENS;

    /** Size of the largest slab: several huge pages, but little memory compared with a context that needs them. */
    private static final long MAX_SLAB_BYTES = 16 << 20;

    private final PageLayout layout;
    private final Format format;
    private final int layers;
    private final int window; // tokens that a query sees, or 0 for all
    private RefCountedPages[] pages; // by index; null before the ring
    private int first; // index of the first page of the ring
    private RefCountedPages[] spare = new RefCountedPages[0]; // unshared pages; null from index spares on
    private int spares;
    private Slab slab; // source of the next pages
    private long allocated; // bytes of all slabs so far
    private int maxTokens = Integer.MAX_VALUE;
    private MemoryBudget budget; // or null

    /** Creates empty pages for {@code layers} layers of this window; 0 for layers that see all tokens. */
    LayerPages(PageLayout layout, Format format, int layers, int window) {
        this(layout, format, layers, window, new RefCountedPages[0], 0);
    }

    private LayerPages(
            PageLayout layout, Format format, int layers, int window, RefCountedPages[] pages, int first) {
        this.layout = layout;
        this.format = format;
        this.layers = layers;
        this.window = window;
        this.pages = pages;
        this.first = first;
    }

    void charge(MemoryBudget newBudget) {
        budget = newBudget;
    }

    void limit(int tokens) {
        maxTokens = tokens;
    }

    static int pagesOf(int tokens) {
        return Math.ceilDiv(tokens, PageLayout.TOKENS);
    }

    /** Returns the maximum number of tokens that a layer of this window keeps: all, or as many as a ring holds. */
    static int keptTokens(int window, int tokens) {
        return window == 0 ? tokens : (int) Math.min(tokens, (long) window + REMOVABLE - 1);
    }

    /** Returns the maximum number of pages that {@code tokens} tokens take in a layer of this window. */
    static int maxPages(int window, int tokens) {
        int kept = keptTokens(window, tokens);
        return Math.min(pagesOf(tokens), kept == tokens ? Integer.MAX_VALUE : pagesOf(kept - 1) + 1);
    }

    /** Returns the index of the first page that a pass of the tokens from {@code position} to {@code length} needs. */
    private int firstPage(int position, int length) {
        int seen = Math.max(0, Math.min(position, length - REMOVABLE)); // the oldest next query
        return window == 0 ? 0 : Math.max(0, seen - (window - 1)) / PageLayout.TOKENS;
    }

    /** Returns the first page of a ring that was filled to {@code length} tokens. */
    int firstPage(int length) {
        return firstPage(length, length);
    }

    /** Returns true if these pages have all tokens that a query at {@code position} sees. */
    boolean reaches(int position) {
        return position == 0 || (long) first * PageLayout.TOKENS <= Math.max(0, position - window + 1);
    }

    int first() {
        return first;
    }

    RefCountedPages page(int index) {
        return pages[index];
    }

    private long pageBytes() {
        return RefCountedPages.bytes(layout, format, layers);
    }

    /**
     * Makes room for the tokens of a pass. Allocates only if they begin a page or write to a shared one, and no page is
     * spare.
     *
     * @return bytes allocated
     */
    long reserve(int position, int length) {
        drop(firstPage(position, length));
        return allocate(position, length);
    }

    /** Makes room for {@code length} tokens that are written from page {@code firstPage} on. */
    long reserveFrom(int firstPage, int length) {
        drop(firstPage);
        return allocate(firstPage * PageLayout.TOKENS, length);
    }

    private void drop(int newFirst) {
        for (; first < newFirst; first++) {
            RefCountedPages page = first < pages.length ? pages[first] : null;
            if (page != null) {
                pages[first] = null;
                keepSpare(page);
            }
        }
    }

    private void keepSpare(RefCountedPages page) {
        if (page.isShared()) {
            page.release();
            return;
        }
        if (spares == spare.length) {
            spare = Arrays.copyOf(spare, spares + 2);
        }
        spare[spares++] = page;
    }

    private long allocate(int position, int length) {
        long before = allocated;
        int needed = pagesOf(length);
        if (needed > pages.length) {
            pages = Arrays.copyOf(pages, needed);
        }
        for (int i = Math.max(first, position / PageLayout.TOKENS); i < needed; i++) {
            RefCountedPages page = pages[i];
            if (page == null || page.isShared()) {
                RefCountedPages unshared = take(i);
                if (page != null) {
                    if (i * PageLayout.TOKENS < position) {
                        unshared.copyFrom(page);
                    }
                    page.release();
                }
                pages[i] = unshared;
            }
        }
        return allocated - before;
    }

    /** Returns unshared pages for {@code index}. */
    private RefCountedPages take(int index) {
        if (spares == 0) {
            return new RefCountedPages(layout, format, layers, slab(index));
        }
        RefCountedPages taken = spare[--spares];
        spare[spares] = null;
        return taken;
    }

    /**
     * Returns a slab with room for all layers of page {@code index}. A new slab is as large as all earlier ones
     * together, but not larger than {@link #MAX_SLAB_BYTES} or the remaining pages.
     */
    private Slab slab(int index) {
        long bytes = pageBytes();
        if (slab == null || !slab.has(bytes)) {
            releaseSlab();
            long max = Math.min(Math.min(allocated, MAX_SLAB_BYTES) / bytes, remainingPages(index));
            slab = new Slab(Math.max(1, max) * bytes, budget);
            allocated += Math.max(1, max) * bytes;
        }
        return slab;
    }

    private int remainingPages(int index) {
        int all = pagesOf(maxTokens) - index;
        return window == 0 ? all : Math.min(all, maxPages(window, maxTokens) - held());
    }

    /** Returns the number of pages held, spare ones included. */
    private int held() {
        return (int) Arrays.stream(pages).filter(Objects::nonNull).count() + spares;
    }

    /** Returns the maximum number of bytes still to be allocated for a total of {@code tokens} tokens. */
    long growthBytes(int position, int tokens) {
        int missing = 0;
        for (int i = Math.max(first, position / PageLayout.TOKENS); i < pagesOf(tokens); i++) {
            missing += isUnshared(i) ? 0 : 1;
        }
        if (window > 0) {
            int owned = spares;
            for (int i = first; i < pages.length; i++) {
                owned += isUnshared(i) ? 1 : 0;
            }
            missing = Math.min(missing, Math.max(0, maxPages(window, tokens) - owned));
        }
        return Math.max(0, missing * pageBytes() - (slab == null ? 0 : slab.unused()));
    }

    private boolean isUnshared(int index) {
        return index < pages.length && pages[index] != null && !pages[index].isShared();
    }

    /** Returns a fork that shares the pages of {@code length} tokens. */
    LayerPages fork(int length) {
        RefCountedPages[] shared = Arrays.copyOf(pages, pagesOf(length));
        for (RefCountedPages page : shared) {
            if (page != null) {
                page.retain();
            }
        }
        LayerPages fork = new LayerPages(layout, format, layers, window, shared, first);
        fork.budget = budget;
        fork.maxTokens = maxTokens;
        return fork;
    }

    /** Frees the pages after the last token and spare ones; the rest of a slab stays for later tokens. */
    void trim(int length) {
        for (int i = pagesOf(length); i < pages.length; i++) {
            release(pages[i]);
        }
        pages = Arrays.copyOf(pages, Math.min(pages.length, pagesOf(length)));
        releaseSpares();
        if (slab != null && slab.isUnshared()) {
            releaseSlab();
        }
    }

    /** Returns the bytes that {@code length} tokens take. */
    long bytes(int length) {
        return (long) keptTokens(window, length) * layers * layout.bytesPerToken(format);
    }

    /**
     * Returns the bytes of the pages and of the slab for more of them. Any thread may ask; while another thread feeds
     * the sequence, the result may be the one of a moment before.
     */
    long heldBytes() {
        Slab source = slab; // another thread may change the field meanwhile
        return held() * pageBytes() + (source == null ? 0 : source.unused());
    }

    /** Frees the pages that no other cache shares. */
    void clear() {
        for (RefCountedPages page : pages) {
            release(page);
        }
        pages = new RefCountedPages[0];
        first = 0;
        releaseSpares();
        releaseSlab();
        allocated = 0;
    }

    private void releaseSpares() {
        while (spares > 0) {
            release(spare[--spares]);
            spare[spares] = null;
        }
    }

    private static void release(RefCountedPages page) {
        if (page != null) { // null before a ring, or if memory ran out
            page.release();
        }
    }

    private void releaseSlab() {
        if (slab != null) {
            slab.release();
            slab = null;
        }
    }
}
