package io.github.t6j.attention.layers;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.LayerPlace;
import io.github.t6j.attention.oracle.MaterializedAttention;
import io.github.t6j.cache.LayeredCache;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Layers of a model by kind. Layers whose attention has the same class are of one kind: they have one shape, and share
 * a cache and an algorithm. A model with one kind uses that cache and algorithm directly; with several, a
 * {@link LayeredCache} and a {@link LayeredAlgorithm} choose by the layer.
 */
public final class LayerKinds {
    private final List<List<Attention>> kinds = new ArrayList<>(); // layers of each kind
    private final List<Attention> layers = new ArrayList<>();

    /** Adds the next layer and returns its place. */
    public LayerPlace add(Attention layer) {
        int kind = 0;
        while (kind < kinds.size() && kinds.get(kind).getFirst().getClass() != layer.getClass()) {
            kind++;
        }
        if (kind == kinds.size()) {
            kinds.add(new ArrayList<>());
        }
        kinds.get(kind).add(layer);
        layers.add(layer);
        return new LayerPlace(layers.size() - 1, kind, kinds.get(kind).size() - 1);
    }

    /** Returns the layers in the order of the model. */
    public List<Attention> layers() {
        return layers;
    }

    /** Returns the largest value of a property of the layers. */
    public int max(ToIntFunction<Attention> property) {
        return layers.stream().mapToInt(property).max().orElse(0);
    }

    /** Returns true if a layer keeps a state instead of pages; {@code materialized} selects the oracle. */
    public boolean hasState(boolean materialized) {
        return layers.stream().anyMatch(layer -> layer.pages(materialized) == null);
    }

    /** Returns true if a layer keeps pages. */
    public boolean hasPages(boolean materialized) {
        return layers.stream().anyMatch(layer -> layer.pages(materialized) != null);
    }

    /** Returns buffers of passes through any of the layers, see {@link AttentionPass}. */
    public AttentionPass newPass(int capacity, int pairs) {
        int stride = max(layer -> Math.max(Kernels.padded(layer.projections()), layer.rowFloats()));
        return new AttentionPass(capacity, stride, max(layer -> layer.heads() * layer.valueDim()), pairs);
    }

    /** Creates an empty cache of all layers; {@code materialized} selects the oracle's. */
    public SequenceCache newCache(Format format, boolean materialized) {
        SequenceCache[] parts = new SequenceCache[kinds.size()];
        try {
            for (int kind = 0; kind < parts.length; kind++) {
                Attention shape = kinds.get(kind).getFirst();
                int[] windows = kinds.get(kind).stream().mapToInt(Attention::cachedWindow).toArray();
                parts[kind] = materialized ? shape.newOracleCache(format, windows) : shape.newCache(format, windows);
            }
        } catch (RuntimeException | Error failure) {
            for (SequenceCache part : parts) {
                if (part != null) {
                    part.close();
                }
            }
            throw failure;
        }
        return parts.length == 1 ? parts[0] : new LayeredCache(parts);
    }

    /**
     * Creates an algorithm for caches of {@link #newCache}; {@code materialized} selects the oracle.
     *
     * @param scratch arena of its off-heap buffers
     */
    public AttentionAlgorithm newAlgorithm(boolean materialized, Kernels kernels, Workers workers, Arena scratch) {
        AttentionAlgorithm[] parts = kinds.stream().map(List::getFirst)
                .map(shape -> materialized ? oracle(shape, workers) : shape.newAlgorithm(kernels, workers, scratch))
                .toArray(AttentionAlgorithm[]::new);
        return parts.length == 1 ? parts[0] : new LayeredAlgorithm(parts, kinds);
    }

    private static AttentionAlgorithm oracle(Attention shape, Workers workers) {
        AttentionAlgorithm own = shape.newOracle(workers);
        return own == null ? new MaterializedAttention(workers) : own;
    }

    /**
     * Returns the fewest tokens to which a sequence that was filled to {@code tokens} can be truncated without feeding
     * ids again: all of them with a state.
     */
    public int shortestCut(boolean materialized, int tokens) {
        return hasState(materialized)
                ? tokens
                : max(layer -> PagedCache.shortestCut(layer.cachedWindow(), tokens));
    }

    /** Returns the bytes of {@code tokens} tokens in the pages of all layers, without states. */
    public long tokenBytes(Format format, boolean materialized, int tokens) {
        return layers.stream().filter(layer -> layer.pages(materialized) != null)
                .mapToLong(layer -> (long) PagedCache.keptTokens(layer.cachedWindow(), tokens)
                        * layer.pages(materialized).bytesPerToken(format))
                .sum();
    }

    /** Returns the bytes of a cache limited to {@code tokens} tokens once it is full, with states. */
    public long fullBytes(Format format, boolean materialized, int tokens) {
        return layers.stream().mapToLong(layer -> {
            PageLayout pages = layer.pages(materialized);
            int states = 2 * (materialized ? layer.oracleStateElements() : layer.stateElements()); // of two times
            return pages == null
                    ? (long) states * Float.BYTES
                    : PagedCache.heldBytes(pages, format, new int[] {layer.cachedWindow()}, tokens);
        }).sum();
    }

    /** Returns the number of positions that a query of each layer sees, its own included, or 0 for all. */
    public int[] windows() {
        return IntStream.range(0, layers.size()).map(layer -> layers.get(layer).window()).toArray();
    }
}
