package io.github.t6j.training.fuzz;

import static io.github.t6j.fuzz.Targets.FOLDER;
import static io.github.t6j.fuzz.Targets.MAX_READ;
import static io.github.t6j.fuzz.Targets.TOKENIZER;
import static io.github.t6j.fuzz.Targets.check;
import static io.github.t6j.fuzz.Targets.mayRefuse;
import static io.github.t6j.fuzz.Targets.write;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.training.TokenData;
import io.github.t6j.training.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Entry points of training for untrusted input; {@link io.github.t6j.fuzz.Targets} has the engine's. */
final class TrainingTargets {
    private static final int MAX_TRAINED = 1 << 12;

    private TrainingTargets() {}

    /** Reads shards of ids, under names with and without the extension .bin. */
    static void shard(byte[] bytes) {
        for (String name : List.of("shard", "shard.bin")) {
            data(write(name, bytes));
        }
    }

    /** Reads JSONL, and text. */
    static void lines(byte[] bytes) {
        for (String name : List.of("lines.jsonl", "lines.txt")) {
            data(write(name, bytes));
        }
    }

    /** Reads the token file next to a text, unchanged and with a corrected hash. */
    static void tokens(byte[] bytes) {
        Path text = DataSeeds.text();
        Path tokens = text.resolveSibling(text.getFileName() + ".t6j-tokens");
        for (byte[] file : List.of(bytes, DataSeeds.withHash(bytes))) {
            try {
                Files.write(tokens, file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            data(text);
        }
    }

    private static void data(Path file) {
        mayRefuse(() -> {
            try (TokenData data = TokenData.open(List.of(file), TOKENIZER, TOKENIZER.size(), share -> {})) {
                int[] ids = new int[(int) Math.min(data.size(), MAX_READ)];
                data.read(0, data.size() - ids.length, ids, 0, ids.length);
                check(ids.length > 0, "no ids");
                TOKENIZER.decode(ids);
            }
        }, FOLDER.toString());
    }

    /** Resumes a checkpoint with this training.json and otherwise valid files. */
    static void training(byte[] bytes) {
        goOn(TrainingSeeds.with(bytes, null));
    }

    /** Resumes a checkpoint with these AdamW moments and otherwise valid files. */
    static void moments(byte[] bytes) {
        goOn(TrainingSeeds.with(null, bytes));
    }

    private static void goOn(Path checkpoint) {
        mayRefuse(() -> {
            try (Trainer trainer = Trainer.restore(checkpoint, 1)) {
                long steps = trainer.steps();
                if (trainer.options().batches().tokens() <= MAX_TRAINED) {
                    check(trainer.step(TrainingSeeds.DATA).step() == steps + 1, "another step than the next");
                }
            } catch (IllegalArgumentException | IllegalStateException refused) {
                check(refused.getMessage().contains("expected"), "a message without what was expected");
            } catch (MemoryLimitException refused) {
                check(refused.needed() > refused.available(), "refused what fits");
            }
        }, checkpoint.toString());
    }
}
