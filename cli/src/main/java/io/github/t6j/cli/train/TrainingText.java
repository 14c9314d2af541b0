package io.github.t6j.cli.train;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.TokenData;
import io.github.t6j.training.Trainer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * Data of a run.
 *
 * @param all all files of --data
 * @param training part of them to train on
 * @param validation data to validate on
 * @param questions held-out questions of --chat, or null
 */
record TrainingText(TokenData all, TokenData training, TokenData validation, Questions questions)
        implements
            AutoCloseable {
    /** Divisor of the share of the data that is held out. */
    private static final int HELD_OUT = 20;

    /** Number of ids to read at once for a checksum. */
    private static final int PIECE = 4096;

    /** @param valid file to validate on, or null to hold out the end of the data */
    static TrainingText open(Main main, List<Path> data, Path valid, Tokenizer tokenizer, Trainer trainer) {
        int context = trainer.options().batches().context();
        long sequence = context + 1L;
        TokenData all = open(main, data, tokenizer, trainer, valid == null ? 2 * sequence : sequence);
        try {
            if (valid != null) {
                return new TrainingText(all, all, open(main, List.of(valid), tokenizer, trainer, sequence), null);
            }
            long held = heldOut(all, context);
            TokenData training = all.part(0, all.size() - held);
            if (longest(training) <= context) {
                throw new CommandFailure(names(data) + ": expected at least one sequence of " + (context + 1)
                        + " tokens to train on, besides the validation data, found none: give more text, a smaller "
                        + "--context, or --valid FILE");
            }
            main.note("the last " + Sizes.count(held) + " of the data's " + Sizes.count(all.size())
                    + " tokens are held out for validation");
            return new TrainingText(all, training, all.part(all.size() - held, all.size()), null);
        } catch (RuntimeException | Error failure) {
            all.close();
            throw failure;
        }
    }

    /** @param min minimum number of ids */
    private static TokenData open(Main main, List<Path> files, Tokenizer tokenizer, Trainer trainer, long min) {
        TokenData data;
        try (Progress progress = new Progress(main, "tokenising")) {
            data = TokenData.open(files, tokenizer, trainer.vocabulary(), share -> progress.update(share, 1));
        }
        try {
            checkLength(files, data, min, trainer.options().batches().context());
            return data;
        } catch (CommandFailure failure) {
            data.close();
            throw failure;
        }
    }

    /**
     * Returns the number of ids at the end to validate on: a share of all, and at least one sequence within a shard. A
     * shard that it begins in keeps at least one sequence, or none at all.
     */
    private static long heldOut(TokenData all, int context) {
        long held = Math.max(context + 1, all.size() / HELD_OUT);
        long later = 0; // ids of later shards
        boolean found = false;
        for (int shard = all.shards() - 1; shard >= 0; shard--) {
            long size = all.size(shard);
            if (!found && size > context) {
                held = Math.max(held, later + context + 1);
                found = true;
            }
            long left = later + size - held;
            if (left > 0 && left < Math.min(size, context + 1)) {
                held += left;
            }
            later += size;
        }
        return Math.min(held, all.size() - 1);
    }

    private static void checkLength(List<Path> files, TokenData data, long min, int context) {
        String found = data.size() < min
                ? String.valueOf(data.size())
                : longest(data) <= context ? "at most " + longest(data) + " in a file of ids" : null;
        if (found != null) {
            throw new CommandFailure(
                    names(files) + ": expected at least " + min + " tokens for a context of " + context
                            + ", found " + found + ": give more text or a smaller --context");
        }
    }

    private static String names(List<Path> files) {
        return files.stream().map(Path::toString).collect(Collectors.joining(", "));
    }

    /** Returns the number of ids of the longest shard. */
    private static long longest(TokenData data) {
        return IntStream.range(0, data.shards()).mapToLong(data::size).max().orElse(0);
    }

    /** Returns a checksum of the ids to validate on, by which a resumed run recognises them. */
    String validationChecksum() {
        CRC32C checksum = new CRC32C();
        int[] ids = new int[PIECE];
        ByteBuffer bytes = ByteBuffer.allocate(PIECE * Integer.BYTES);
        for (int shard = 0; shard < validation.shards(); shard++) {
            long size = validation.size(shard);
            for (long from = 0; from < size; from += PIECE) {
                int count = (int) Math.min(PIECE, size - from);
                validation.read(shard, from, ids, 0, count);
                bytes.clear().asIntBuffer().put(ids, 0, count);
                checksum.update(bytes.limit(count * Integer.BYTES));
            }
        }
        return Long.toHexString(checksum.getValue());
    }

    /** Returns the options that name the data. */
    String options() {
        return questions != null ? "--chat, --data, --valid" : all == training ? "--data, --valid" : "--data";
    }

    @Override
    public void close() {
        validation.close();
        all.close();
    }
}
