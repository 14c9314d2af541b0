package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.Tokenizer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleConsumer;

/**
 * The ids that a training run reads. They lie in mapped files, of any length, as shards: all text files together are one
 * shard, each file of ids is one. Immutable, for any number of threads. Until {@link #close} no other process may change
 * the files.
 */
public final class TokenData implements AutoCloseable {
    private final Arena arena; // null for a part of other data
    private final List<Shard> shards = new ArrayList<>();
    private final int vocabulary;

    /**
     * Parts that follow each other.
     *
     * @param ends where each part ends
     */
    private record Shard(List<MappedIds> parts, long[] ends) {
        Shard(List<MappedIds> parts) {
            this(parts, new long[parts.size()]);
            long end = 0;
            for (int i = 0; i < ends.length; i++) {
                end += parts.get(i).count();
                ends[i] = end;
            }
        }

        long size() {
            return ends[ends.length - 1];
        }
    }

    private TokenData(int vocabulary, Arena arena) {
        this.vocabulary = vocabulary;
        this.arena = arena;
    }

    /** Ids in memory, as one shard. @throws IllegalArgumentException if there are none, or one is negative */
    public static TokenData of(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("ids: expected one or more, found none");
        }
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new IllegalArgumentException("ids[" + i + "]: expected 0 or more, found " + ids[i]);
            }
        }
        TokenData data = new TokenData(Integer.MAX_VALUE, Arena.ofShared());
        data.shards.add(new Shard(List.of(MappedIds.of(ids, data.arena))));
        return data;
    }

    /**
     * Opens files, each of what it holds: the shards of the official scripts and of llm.c (a header of 256 int32, then
     * uint16); NAME.bin without such a header, uint16; {@link Documents text or JSONL}. Text is tokenised, which is done once:
     * its ids are kept beside it, in NAME.t6j-tokens, or else in $XDG_CACHE_HOME/t6j or ~/.cache/t6j. The id that ends a
     * document, that of {@code <|endoftext|>} or else the tokenizer's end of text, follows each document.
     *
     * @param tokenizer may be null if no file is text
     * @param vocabulary ids are below it
     * @param progress is told, on the calling thread, which share of the files is done, from 0 to 1
     * @throws ModelFormatException if a file is none of these, or has ids that are not below {@code vocabulary}
     * @throws java.io.UncheckedIOException if a file cannot be read, or its ids not be kept
     * @throws CancellationException if the thread is interrupted
     */
    public static TokenData open(List<Path> files, Tokenizer tokenizer, int vocabulary, DoubleConsumer progress) {
        return open(files, tokenizer, vocabulary, progress, TokenCache.userCache());
    }

    static TokenData open(
            List<Path> files, Tokenizer tokenizer, int vocabulary, DoubleConsumer progress, Path userCache) {
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
            if (TokenShard.is(file, DocumentFile.beginning(file))) {
                shards.add(new Shard(List.of(TokenShard.map(file, arena))));
            } else {
                text.add(text(file, cache, all));
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
                    file + ": expected a tokenizer, as this is text, found none: give one, or files"
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
     * Some of the ids, as data of its own: to hold out the last ones, for example. It is there as long as this is open;
     * closing it does nothing.
     *
     * @param from the first id, where all shards are one after the other
     * @param to after the last
     * @throws IndexOutOfBoundsException if there are not so many, or none is wanted
     */
    public TokenData part(long from, long to) {
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

    /** Number of shards, one or more. */
    public int shards() {
        return shards.size();
    }

    /** Number of ids in a shard. */
    public long size(int shard) {
        return shards.get(shard).size();
    }

    /** Number of all ids. */
    public long size() {
        return shards.stream().mapToLong(Shard::size).sum();
    }

    /**
     * Copies ids.
     *
     * @param from place of the first in its shard
     * @throws IndexOutOfBoundsException if the shard or {@code into} has not so many
     * @throws ModelFormatException if an id is not below the vocabulary; it names the file and the place
     * @throws IllegalStateException if this is closed
     */
    public void read(int shard, long from, int[] into, int offset, int count) {
        Shard source = shards.get(shard);
        Objects.checkFromIndexSize(from, count, source.size());
        Objects.checkFromIndexSize(offset, count, into.length);
        int part = 0;
        while (part < source.ends.length && source.ends[part] <= from) {
            part++;
        }
        for (int done = 0; done < count; part++) {
            MappedIds ids = source.parts.get(part);
            long at = from + done - (source.ends[part] - ids.count());
            int here = (int) Math.min(count - done, ids.count() - at);
            ids.read(at, into, offset + done, here, vocabulary);
            done += here;
        }
    }

    /** Gives the files back; closing twice does nothing. */
    @Override
    public void close() {
        if (arena != null && arena.scope().isAlive()) {
            arena.close();
        }
    }
}
