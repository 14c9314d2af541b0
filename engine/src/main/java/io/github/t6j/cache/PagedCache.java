package io.github.t6j.cache;

import io.github.t6j.kernels.Format;
import java.util.Arrays;

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
public final class PagedCache implements AutoCloseable {
    private final PageLayout layout;
    private final Format format;
    private final int layers;
    private SharedPages[] pages;

    /** An empty cache whose layers all keep {@code layout}. */
    public PagedCache(PageLayout layout, Format format, int layers) {
        this(layout, format, layers, new SharedPages[0]);
    }

    private PagedCache(PageLayout layout, Format format, int layers, SharedPages[] pages) {
        this.layout = layout;
        this.format = format;
        this.layers = layers;
        this.pages = pages;
    }

    /** What a page holds. */
    public PageLayout layout() {
        return layout;
    }

    /** How its numbers are stored. */
    public Format format() {
        return format;
    }

    /** Bytes that a token takes, in all layers. */
    public long bytesPerToken() {
        return (long) layers * layout.bytesPerToken(format);
    }

    /**
     * Makes room for the tokens from {@code position} to {@code length}, exclusive, to be written; allocates only where
     * they begin a page or meet one that others share.
     */
    public void reserve(int position, int length) {
        int there = pages.length;
        int needed = (length + PageLayout.TOKENS - 1) / PageLayout.TOKENS;
        if (needed > there) {
            pages = Arrays.copyOf(pages, needed);
        }
        for (int i = position / PageLayout.TOKENS; i < needed; i++) {
            if (pages[i] == null) {
                pages[i] = new SharedPages(layout, format, layers);
            } else if (pages[i].shared()) {
                pages[i] = pages[i].own(i * PageLayout.TOKENS < position);
            }
        }
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

    /** A cache that shares the pages of the first {@code length} tokens; either may be written and closed. */
    public PagedCache fork(int length) {
        int count = (length + PageLayout.TOKENS - 1) / PageLayout.TOKENS;
        SharedPages[] shared = Arrays.copyOf(pages, count);
        for (SharedPages page : shared) {
            page.retain();
        }
        return new PagedCache(layout, format, layers, shared);
    }

    /** Frees the pages that no other cache shares. */
    @Override
    public void close() {
        for (SharedPages page : pages) {
            if (page != null) {
                page.release();
            }
        }
        pages = new SharedPages[0];
    }
}
