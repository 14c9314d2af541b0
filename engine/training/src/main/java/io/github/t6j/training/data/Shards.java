package io.github.t6j.training.data;

import io.github.t6j.ModelFormatException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.DoubleConsumer;

/** Shards of token ids in memory or in mapped files: texts, or the windows of packed documents. Immutable. */
public final class Shards {
    private final List<Shard> list;
    private final int vocabulary;
    private final PackedDocuments packed; // null for text

    /** Sequence of parts, of {@code size} ids together. */
    private record Shard(List<MappedIds> parts, long size) {
        Shard(List<MappedIds> parts) {
            this(parts, parts.stream().mapToLong(MappedIds::count).sum());
        }
    }

    private Shards(List<Shard> list, int vocabulary, PackedDocuments packed) {
        this.list = List.copyOf(list);
        this.vocabulary = vocabulary;
        this.packed = packed;
    }

    /** Copies ids into memory of {@code arena}, as one shard. */
    public static Shards of(int[] ids, Arena arena) {
        return new Shards(List.of(new Shard(List.of(MappedIds.of(ids, arena)))), Integer.MAX_VALUE, null);
    }

    /** Returns packed documents as one shard. */
    public static Shards of(PackedDocuments packed) {
        return new Shards(List.of(new Shard(List.of(packed.ids()))), Integer.MAX_VALUE, packed);
    }

    /**
     * Maps files: all texts together as the first shard, then each file of ids.
     *
     * @param cache cached ids of texts, or null if no file is text
     * @param vocabulary size of the vocabulary; every id must be below it
     * @param arena mapped memory
     * @throws ModelFormatException if a file has another format, or an id is not below {@code vocabulary}
     */
    public static Shards open(
            List<Path> files, TokenCache cache, int vocabulary, DoubleConsumer progress, Arena arena) {
        FileProgress all = new FileProgress(files, progress);
        List<Shard> found = new ArrayList<>();
        List<MappedIds> texts = new ArrayList<>();
        for (Path file : files) {
            try {
                if (TokenShard.is(file, DocumentFile.beginning(file))) {
                    found.add(new Shard(List.of(TokenShard.map(file, arena))));
                } else {
                    texts.add(text(file, cache, vocabulary, all, arena));
                }
            } catch (ModelFormatException wrong) {
                throw wrong.of(file);
            }
            all.finish(file);
        }
        if (!texts.isEmpty()) {
            found.addFirst(new Shard(texts));
        }
        return new Shards(found, vocabulary, null);
    }

    private static MappedIds text(Path file, TokenCache cache, int vocabulary, FileProgress all, Arena arena) {
        if (cache == null) {
            throw new ModelFormatException(
                    file + ": text needs a tokenizer: expected one, found none: give one, or files"
                            + " of token ids");
        }
        TokenCache.Cached cached = cache.open(file, arena, all::update);
        if (cached.highest() >= vocabulary) {
            throw new ModelFormatException(file + ": expected ids below " + vocabulary + ", the size of the model's"
                    + " vocabulary, found " + cached.highest() + ": use the model's own tokenizer");
        }
        return cached.ids();
    }

    /**
     * Returns the ids from {@code from} to {@code to}, counted through all shards.
     *
     * @throws IndexOutOfBoundsException if the range is empty or exceeds the ids
     * @throws IllegalStateException if the ids are packed documents
     */
    public Shards part(long from, long to) {
        if (packed != null) {
            throw new IllegalStateException("data: expected text, found packed documents: pack some of the documents");
        }
        Objects.checkFromToIndex(from, to, size());
        Objects.checkIndex(from, to);
        List<Shard> cut = new ArrayList<>();
        long begin = 0;
        for (Shard shard : list) {
            List<MappedIds> parts = new ArrayList<>();
            for (MappedIds ids : shard.parts) {
                long first = Math.max(0, from - begin);
                long end = Math.min(ids.count(), to - begin);
                if (first < end) {
                    parts.add(ids.part(first, end));
                }
                begin += ids.count();
            }
            if (!parts.isEmpty()) {
                cut.add(new Shard(parts));
            }
        }
        return new Shards(cut, vocabulary, null);
    }

    /** Returns the number of shards, one or more. */
    public int count() {
        return list.size();
    }

    /** Returns the number of ids in a shard. */
    public long size(int shard) {
        return list.get(shard).size();
    }

    /** Returns the number of ids in all shards. */
    public long size() {
        return list.stream().mapToLong(Shard::size).sum();
    }

    /** Returns the length of the windows into which documents are packed, or 0 for text. */
    public int packedLength() {
        return packed == null ? 0 : packed.length();
    }

    /**
     * Copies {@code count} ids of a shard from {@code from} on.
     *
     * @throws IndexOutOfBoundsException if the range exceeds the shard or {@code into}
     * @throws ModelFormatException if an id is not below the vocabulary; the message names the file and the place
     */
    public void read(int shard, long from, int[] into, int offset, int count) {
        Shard source = list.get(shard);
        Objects.checkFromIndexSize(from, count, source.size());
        Objects.checkFromIndexSize(offset, count, into.length);
        long at = from;
        int done = 0;
        for (MappedIds ids : source.parts) {
            int here = Math.clamp(ids.count() - at, 0, count - done);
            ids.read(at, into, offset + done, here, vocabulary);
            at = Math.max(0, at - ids.count());
            done += here;
        }
    }

    /**
     * Copies the targets of packed documents from {@code from} on, and the position of each id in its document.
     *
     * @throws IndexOutOfBoundsException if the range exceeds the ids or an array
     * @throws IllegalStateException if the ids are text, whose targets are the next ids
     */
    public void readTargets(long from, int[] targets, int[] positions, int offset, int count) {
        if (packed == null) {
            throw new IllegalStateException(
                    "data: expected packed documents, found text: its targets are the next ids");
        }
        Objects.checkFromIndexSize(from, count, size());
        Objects.checkFromIndexSize(offset, count, Math.min(targets.length, positions.length));
        packed.read(from, targets, positions, offset, count);
    }
}
