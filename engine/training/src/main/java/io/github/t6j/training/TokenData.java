package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.data.PackedDocuments;
import io.github.t6j.training.data.Shards;
import io.github.t6j.training.data.TokenCache;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleConsumer;
import java.util.function.Function;

/**
 * Token ids that a training run reads, in mapped files of any length. They form shards: all text files together are one
 * shard, each file of ids is one. Documents with marked targets, such as conversations, are packed into windows instead
 * ({@link #of(List, int)}). Immutable and safe for use by any number of threads. No other process may change the files
 * before {@link #close}.
 */
public final class TokenData implements AutoCloseable {
    private final Shards shards;
    private final Arena arena; // null if this is a part of other data

    /**
     * Document with marked ids, each of which a run learns to predict from all ids before it.
     *
     * @param ids ids of the document
     * @param scored true for each id that counts in the loss; the first id is never predicted
     */
    public record ScoredDocument(int[] ids, boolean[] scored) {
        /**
         * Creates a document.
         *
         * @throws IllegalArgumentException if the lengths differ, or an id is negative
         */
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

    private TokenData(Shards shards, Arena arena) {
        this.shards = shards;
        this.arena = arena;
    }

    /** Creates data; frees its memory if that fails. */
    private static TokenData made(Function<Arena, Shards> shards) {
        Arena memory = Arena.ofShared();
        try {
            return new TokenData(shards.apply(memory), memory);
        } catch (RuntimeException | Error failure) {
            memory.close();
            throw failure;
        }
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
        return made(memory -> Shards.of(ids, memory));
    }

    /**
     * Packs documents into windows of the context length, so that no window cuts a document and no position sees
     * another document. The windows form one shard. The ids of unused positions are 0.
     *
     * @param documents documents of at most {@code contextLength} + 1 ids, with at least one scored id after the first
     * @param contextLength context length of the run that reads the data
     * @throws IllegalArgumentException if there is no document, or one of another form
     */
    public static TokenData of(List<ScoredDocument> documents, int contextLength) {
        Objects.requireNonNull(documents, "documents");
        TrainingOptions.check("contextLength", contextLength >= 1, "1 or more", contextLength);
        List<PackedDocuments.Document> all = documents.stream()
                .map(document -> new PackedDocuments.Document(document.ids, document.scored)).toList();
        return made(memory -> Shards.of(PackedDocuments.pack(all, contextLength, memory)));
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
     * are cached in NAME.t6j-tokens in the same folder, or else in $XDG_CACHE_HOME/t6j or ~/.cache/t6j. Each document
     * is followed by the id of {@code <|endoftext|>} or, if the tokenizer has none, its end-of-text id.
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
     * Opens files as {@link #open(List, Tokenizer, int, DoubleConsumer)} does, with another cache folder.
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
        TokenCache cache = tokenizer == null ? null : new TokenCache(tokenizer, userCache);
        return made(memory -> Shards.open(files, cache, vocabulary, progress, memory));
    }

    /**
     * Returns a view of a range of ids, for example to hold out the last ones. It is valid as long as this data is
     * open; closing it has no effect.
     *
     * @param from index of the first id, in the concatenation of all shards
     * @param to index after the last id
     * @throws IndexOutOfBoundsException if the range is empty or exceeds the data
     * @throws IllegalStateException if the data is packed documents
     */
    public TokenData part(long from, long to) {
        return new TokenData(shards.part(from, to), null);
    }

    /** Returns the ids behind this object. */
    Shards ids() {
        return shards;
    }

    /** Returns the number of shards, one or more. */
    public int shards() {
        return shards.count();
    }

    /** Returns the number of ids in a shard. */
    public long size(int shard) {
        return shards.size(shard);
    }

    /** Returns the context length into whose windows documents are packed, or 0 for text. */
    public int packedLength() {
        return shards.packedLength();
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
        shards.readTargets(from, targets, positions, offset, count);
    }

    /** Returns the number of ids in all shards, including the unused positions of packed windows. */
    public long size() {
        return shards.size();
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
        shards.read(shard, from, into, offset, count);
    }

    /** Unmaps the files. Closing twice has no effect. */
    @Override
    public void close() {
        if (arena != null && arena.scope().isAlive()) {
            arena.close();
        }
    }
}
