package io.github.t6j.jmh.study;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Result of a run. Losses are in nats per token, over windows of the context that do not overlap, with all tokens
 * scored; infinite if the run diverged. Other keys of a file are ignored.
 *
 * @param validationBits bits per byte of the text
 * @param cacheBytes bytes of a token in all layers, f32
 */
record StudyResult(
        String preset, String attention, double rate, long seed, long steps, long tokens, long parameters,
        double validationLoss, double validationBits, double testLoss, double testBits, long cacheBytes) {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().serializeSpecialFloatingPointValues().create();

    static StudyResult read(Path file) throws IOException {
        return GSON.fromJson(Files.readString(file), StudyResult.class);
    }

    /** Writes the result completely or not at all: a run with a result is complete. */
    void write(Path file) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.writeString(partial, GSON.toJson(this) + "\n");
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
