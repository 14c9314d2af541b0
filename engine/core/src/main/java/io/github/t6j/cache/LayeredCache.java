package io.github.t6j.cache;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * Cache of a model with several kinds of layers: a cache for the layers of each kind, which hold the same tokens. The
 * tensors of part i begin with {@code kind.i.} in a saved session.
 */
public final class LayeredCache implements SequenceCache {
    private final SequenceCache[] parts;

    /** Creates a cache of parts, one for each kind of layers. */
    public LayeredCache(SequenceCache[] parts) {
        this.parts = parts;
    }

    /** Returns the cache of the layers of a kind. */
    public SequenceCache part(int kind) {
        return parts[kind];
    }

    @Override
    public void reserve(int position, int length) {
        for (SequenceCache part : parts) {
            part.reserve(position, length);
        }
    }

    @Override
    public void charge(MemoryBudget budget) {
        for (SequenceCache part : parts) {
            part.charge(budget);
        }
    }

    @Override
    public void limit(int tokens) {
        for (SequenceCache part : parts) {
            part.limit(tokens);
        }
    }

    @Override
    public long growthBytes(int position, int tokens) {
        return sum(part -> part.growthBytes(position, tokens));
    }

    @Override
    public boolean keepsDrafts() {
        return Arrays.stream(parts).allMatch(SequenceCache::keepsDrafts);
    }

    @Override
    public void draft(int rows) {
        for (SequenceCache part : parts) {
            part.draft(rows);
        }
    }

    @Override
    public void commit() {
        for (SequenceCache part : parts) {
            part.commit();
        }
    }

    @Override
    public boolean reaches(int length) {
        return Arrays.stream(parts).allMatch(part -> part.reaches(length));
    }

    /** Removes tokens from all parts, or all tokens if a part does not reach that far back. */
    @Override
    public int truncate(int from, int length) {
        int left = reaches(length) ? length : 0;
        for (SequenceCache part : parts) {
            part.truncate(from, left);
        }
        return left;
    }

    @Override
    public void trim(int length) {
        for (SequenceCache part : parts) {
            part.trim(length);
        }
    }

    @Override
    public LayeredCache fork(int length) {
        SequenceCache[] forks = new SequenceCache[parts.length];
        try {
            for (int kind = 0; kind < parts.length; kind++) {
                forks[kind] = parts[kind].fork(length);
            }
        } catch (RuntimeException | Error failure) {
            Arrays.stream(forks).filter(fork -> fork != null).forEach(SequenceCache::close);
            throw failure;
        }
        return new LayeredCache(forks);
    }

    private static String prefix(int kind) {
        return "kind." + kind + ".";
    }

    @Override
    public List<LazyTensor> tensors(int length) {
        List<LazyTensor> tensors = new ArrayList<>();
        for (int kind = 0; kind < parts.length; kind++) {
            for (LazyTensor tensor : parts[kind].tensors(length)) {
                tensors.add(new LazyTensor(
                        prefix(kind) + tensor.name(), tensor.dtype(), tensor.shape(), tensor.data()));
            }
        }
        return tensors;
    }

    @Override
    public void restore(Map<String, Tensor> tensors, int length, String where) {
        List<Map<String, Tensor>> byKind = new ArrayList<>();
        int found = 0;
        for (int kind = 0; kind < parts.length; kind++) {
            Map<String, Tensor> own = new LinkedHashMap<>();
            String prefix = prefix(kind);
            tensors.forEach((name, tensor) -> {
                if (name.startsWith(prefix)) {
                    own.put(name.substring(prefix.length()), tensor);
                }
            });
            byKind.add(own);
            found += own.size();
        }
        if (found < tensors.size()) {
            throw new ModelFormatException(where + ": expected the tensors of a session of a model with "
                    + parts.length + " kinds of layers, found " + tensors.keySet());
        }
        for (int kind = 0; kind < parts.length; kind++) {
            parts[kind].restore(byKind.get(kind), length, where);
        }
    }

    @Override
    public void fill(int length, long seed) {
        for (int kind = 0; kind < parts.length; kind++) {
            parts[kind].fill(length, seed + kind);
        }
    }

    @Override
    public long bytes(int length) {
        return sum(part -> part.bytes(length));
    }

    @Override
    public long heldBytes() {
        return sum(SequenceCache::heldBytes);
    }

    private long sum(ToLongFunction<SequenceCache> bytes) {
        long sum = 0;
        for (SequenceCache part : parts) {
            sum += bytes.applyAsLong(part);
        }
        return sum;
    }

    @Override
    public void close() {
        for (SequenceCache part : parts) {
            part.close();
        }
    }
}
