package io.github.t6j.attention.layers;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.LayeredCache;
import io.github.t6j.cache.SequenceCache;
import java.util.List;

/** Algorithm of a model with several kinds of layers: calls the algorithm of the current layer's kind. */
final class LayeredAlgorithm implements AttentionAlgorithm {
    private final AttentionAlgorithm[] parts; // of each kind
    private final List<List<Attention>> kinds; // layers of each kind
    private LayeredCache cache;

    LayeredAlgorithm(AttentionAlgorithm[] parts, List<List<Attention>> kinds) {
        this.parts = parts;
        this.kinds = kinds;
    }

    @Override
    public SequenceCache cache() {
        return cache;
    }

    @Override
    public void bind(SequenceCache newCache) {
        cache = (LayeredCache) newCache;
        for (int kind = 0; kind < parts.length; kind++) {
            parts[kind].bind(cache == null ? null : cache.part(kind));
        }
    }

    private AttentionAlgorithm of(AttentionPass pass) {
        return parts[pass.place.kind()];
    }

    @Override
    public void append(AttentionPass pass) {
        of(pass).append(pass);
    }

    @Override
    public void attend(AttentionPass pass) {
        of(pass).attend(pass);
    }

    @Override
    public int beginRow(AttentionPass pass, int threads) {
        return of(pass).beginRow(pass, threads);
    }

    @Override
    public void computeTask(AttentionPass pass, int task, int worker) {
        of(pass).computeTask(pass, task, worker);
    }

    @Override
    public void keep(int row, List<Attention> layers) {
        for (int kind = 0; kind < parts.length; kind++) {
            parts[kind].keep(row, kinds.get(kind));
        }
    }

    @Override
    public void endRow(AttentionPass pass) {
        of(pass).endRow(pass);
    }
}
