package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.data.DocumentFile;
import io.github.t6j.training.data.FileProgress;
import io.github.t6j.training.data.MappedIds;
import io.github.t6j.training.data.PackedDocuments;
import io.github.t6j.training.data.TokenCache;
import io.github.t6j.training.data.TokenShard;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleConsumer;

/**
 * Token ids that a training run reads, in mapped files of any length. They form shards: all text files together are one
 * shard, each file of ids is one. Documents with marked targets, such as conversations, are packed into windows instead
 * ({@link #of(List, int)}). Immutable and safe for use by any number of threads. No other process may change the files
 * before {@link #close}.
 */
public final class TokenData implements AutoCloseable {
    private final Arena arena; // null if this is a part of other data
    private final List<Shard> shards = new ArrayList<>();
    private final int vocabulary;
    private PackedDocuments packed; // null for text

    /**
     * Document of which a run learns to predict some ids from all before them.
     *
     * @param ids ids of the document
     * @param scored true for each id that counts in the loss; the first id is never predicted
     */
    public record ScoredDocument(int[] ids, boolean[] scored) {
        /** @throws IllegalArgumentException if the lengths differ, or an id is negative */
        public ScoredDocument {
            Objects.requireNonNull(ids, "ids");
            Objects.requireNonNull(scored, "scored");
            if (ids.length != scored.length) {
                throw new IllegalArgumentException(
                        "scored: expected " + ids.length + ", one for each id, found " + scored.length);
            }
            checkIds(ids);
        }
    }

    /** Sequence of parts, of {@code size} ids together. */
    private record Shard(List<MappedIds> parts, long size) {
        Shard(List<MappedIds> parts) {
            this(parts, parts.stream().mapToLong(MappedIds::count).sum());
        }
    }

    private TokenData(int vocabulary, Arena arena) {
        this.vocabulary = vocabulary;
        this.arena = arena;
    }

    /**
     * Copies ids from memory into one shard.
     *
     * @throws IllegalArgumentException if {@code ids} is empty or an id is negative
     */
    public static TokenData of(int[] ids) {
        Objects.requireNonNull(ids, "ids");
        if (ids.length == 0) {
            throw new IllegalArgumentException("ids: expected one or more, found none");
        }
        checkIds(ids);
        TokenData data = new TokenData(Integer.MAX_VALUE, Arena.ofShared());
        data.shards.add(new Shard(List.of(MappedIds.of(ids, data.arena))));
        return data;
    }

    /**
     * Packs documents into windows of the context length, so that no window cuts a document and no position sees
     * another document. The windows form one shard; its ids are 0 where a window has room left.
     *
     * @param documents documents of at most {@code contextLength} + 1 ids, with at least one scored id after the first
     * @param contextLength context length of the run that reads the data
     * @throws IllegalArgumentException if there is no document, or one of another form
     */
    public static TokenData of(List<ScoredDocument> documents, int contextLength) {
        Objects.requireNonNull(documents, "documents");
        TrainingOptions.check("contextLength", contextLength >= 1, "1 or more", contextLength);
        TokenData data = new TokenData(Integer.MAX_VALUE, Arena.ofShared());
        try {
            data.packed = PackedDocuments.pack(documents, contextLength, data.arena);
            data.shards.add(new Shard(List.of(data.packed.ids())));
            return data;
        } catch (RuntimeException | Error failure) {
            data.close();
            throw failure;
        }
    }

    private static void checkIds(int[] ids) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new IllegalArgumentException("ids[" + i + "]: expected 0 or more, found " + ids[i]);
            }
        }
    }

    /**
     * Opens files of any of these formats: shards of the official scripts and of llm.c (a header of 256 int32, then
     * uint16); NAME.bin without such a header, uint16; {@link Documents text or JSONL}. Text is tokenised once: its ids
     * are cached beside it in NAME.t6j-tokens, or else in $XDG_CACHE_HOME/t6j or ~/.cache/t6j. An end-of-document id
     * follows each document: that of {@code <|endoftext|>}, or else the tokenizer's end of text.
     *
     * @param tokenizer tokenizer for text; may be null if no file is text
     * @param vocabulary size of the vocabulary; every id must be below it
     * @param progress receives, on the calling thread, the fraction of the files that is done, from 0 to 1
     * @throws ModelFormatException if a file has another format, or an id is not below {@code vocabulary}
     * @throws java.io.UncheckedIOException if a file cannot be read, or its ids cannot be cached
     * @throws CancellationException if the thread is interrupted
     */
    public static TokenData open(List<Path> files, Tokenizer tokenizer, int vocabulary, DoubleConsumer progress) {
        return open(files, tokenizer, vocabulary, progress, TokenCache.userCache());
    }

    /**
     * Opens files, see {@link #open(List, Tokenizer, int, DoubleConsumer)}.
     *
     * @param userCache folder for the ids of texts whose own folder cannot be written
     */
    public static TokenData open(
            List<Path> files, Tokenizer tokenizer, int vocabulary, DoubleConsumer progress, Path userCache) {
        Objects.requireNonNull(files, "files");
        files.forEach(file -> Objects.requireNonNull(file, "files"));
        Objects.requireNonNull(progress, "progress");
        Objects.requireNonNull(userCache, "userCache");
        if (files.isEmpty()) {
            throw new IllegalArgumentException("files: expected one or more, found none");
        }
        TokenData data = new TokenData(vocabulary, Arena.ofShared());
        try {
            data.load(files, tokenizer == null ? null : new TokenCache(tokenizer, userCache), progress);
            return data;
        } catch (RuntimeException | Error e) {
            data.close();
            throw e;
        }
    }

    private void load(List<Path> files, TokenCache cache, DoubleConsumer progress) {
        FileProgress all = new FileProgress(files, progress);
        List<MappedIds> text = new ArrayList<>();
        for (Path file : files) {
            try {
                if (TokenShard.is(file, DocumentFile.beginning(file))) {
                    shards.add(new Shard(List.of(TokenShard.map(file, arena))));
                } else {
                    text.add(text(file, cache, all));
                }
            } catch (ModelFormatException wrong) {
                throw wrong.of(file);
            }
            all.finish(file);
        }
        if (!text.isEmpty()) {
            shards.addFirst(new Shard(text));
        }
    }

    private MappedIds text(Path file, TokenCache cache, FileProgress all) {
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
     * Returns a view of some of the ids, for example to hold out the last ones. It is valid as long as this data is
     * open; closing it has no effect.
     *
     * @param from index of the first id, in the concatenation of all shards
     * @param to index after the last id
     * @throws IndexOutOfBoundsException if the range is empty or exceeds the data
     * @throws IllegalStateException if the data is packed documents
     */
    public TokenData part(long from, long to) {
        if (packed != null) {
            throw new IllegalStateException("data: expected text, found packed documents: pack some of the documents");
        }
        Objects.checkFromToIndex(from, to, size());
        Objects.checkIndex(from, to);
        TokenData data = new TokenData(vocabulary, null);
        long begin = 0;
        for (Shard shard : shards) {
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
                data.shards.add(new Shard(parts));
            }
        }
        return data;
    }

    /** Returns the number of shards, one or more. */
    public int shards() {
        return shards.size();
    }

    /** Returns the number of ids in a shard. */
    public long size(int shard) {
        return shards.get(shard).size();
    }

    /** Returns the context length into whose windows documents are packed, or 0 for text. */
    public int packedLength() {
        return packed == null ? 0 : packed.length();
    }

    /**
     * Copies the targets of packed documents, and the position of each id in its document.
     *
     * @param from index of the first id in the shard
     * @param targets receives the id after each id, or −1 if it is not scored, from {@code offset} on
     * @param positions receives the positions, from {@code offset} on
     * @throws IndexOutOfBoundsException if the range exceeds the data or an array
     * @throws IllegalStateException if the data is text, whose targets are the next ids
     */
    public void readTargets(long from, int[] targets, int[] positions, int offset, int count) {
        Objects.requireNonNull(targets, "targets");
        Objects.requireNonNull(positions, "positions");
        if (packed == null) {
            throw new IllegalStateException(
                    "data: expected packed documents, found text: its targets are the next ids");
        }
        Objects.checkFromIndexSize(from, count, size());
        Objects.checkFromIndexSize(offset, count, Math.min(targets.length, positions.length));
        packed.read(from, targets, positions, offset, count);
    }

    /** Returns the number of ids in all shards; of packed documents, with the room left in their windows. */
    public long size() {
        return shards.stream().mapToLong(Shard::size).sum();
    }

    /**
     * Copies {@code count} ids of a shard.
     *
     * @param from index of the first id in the shard
     * @param into receives the ids, from {@code offset} on
     * @throws IndexOutOfBoundsException if the range exceeds the shard or {@code into}
     * @throws ModelFormatException if an id is not below the vocabulary; the message names the file and the place
     * @throws IllegalStateException if this data is closed
     */
    public void read(int shard, long from, int[] into, int offset, int count) {
        Objects.requireNonNull(into, "into");
        Shard source = shards.get(shard);
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

    /** Unmaps the files. Closing twice has no effect. */
    @Override
    public void close() {
        if (arena != null && arena.scope().isAlive()) {
            arena.close();
        }
    }
}
